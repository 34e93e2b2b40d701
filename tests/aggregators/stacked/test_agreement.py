"""Skipping the aggregator inside where experts agree: how many LLM calls are left, and what is said."""

from typing import Any

import pytest
from checks.ports import Port, dead, said
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from experts.query import Query
from experts.verdict import Candidates

SYNTHESIS = {"kind": "synthesis", "expert": "judge"}


def built(**config: Any) -> Aggregator:
    whole = {"kind": "on_agreement", "inner": SYNTHESIS} | config
    return build_aggregator(TypeAdapter[Any](AggregatorConfig).validate_python(whole))


def item(answers: str, id: str = "q") -> Candidates:
    """Experts a, b, c, ... who gave these letters; ? = unparsed, ! = failed."""
    completions = tuple(
        dead(name) if a == "!" else said(name, "Hm." if a == "?" else f"The answer is ({a}).")
        for name, a in zip("abcdef", answers, strict=False)
    )
    query = Query.from_text("Which?", id=id, choices=["w", "x", "y", "z"])
    return Candidates(query=query, completions=completions)


def test_where_all_agree_the_llm_is_not_asked_at_all() -> None:
    port = Port("The answer is (D).")
    first, second = built().aggregate([item("AAA", "q1"), item("BB?!", "q2")], generate=port)
    assert port.calls == []
    assert (first.answer, first.support, first.agreed) == ("A", 1.0, ("a", "b", "c"))
    assert first.notes == ("3 of 3 answers agree, so synthesis was not asked.",)
    assert (second.answer, second.notes) == ("B", ("2 of 2 answers agree, so synthesis was not asked.",))
    assert first.aggregator == second.aggregator == "on_agreement"


def test_without_a_port_agreement_is_enough() -> None:
    [verdict] = built().aggregate([item("CC")])
    assert verdict.answer == "C"


def test_the_rest_is_asked_in_one_batch_and_comes_back_in_order() -> None:
    port = Port("The answer is (D).")
    items = [item("AB", "q0"), item("BB", "q1"), item("BC", "q2"), item("CC", "q3")]
    verdicts = built().aggregate(items, generate=port)
    assert [v.query_id for v in verdicts] == ["q0", "q1", "q2", "q3"]
    assert [v.answer for v in verdicts] == ["D", "B", "D", "C"]
    [(expert, conversations, _)] = port.calls
    assert (expert, len(conversations)) == ("judge", 2)
    assert verdicts[0].completion is not None and verdicts[1].completion is None


@pytest.mark.parametrize("answers", ["A", "A?", "A!", "??"])
def test_a_single_answer_is_no_agreement(answers: str) -> None:
    port = Port("The answer is (D).")
    built().aggregate([item(answers)], generate=port)
    assert len(port.calls) == 1


@pytest.mark.parametrize(
    ("answers", "share", "asked"),
    [
        ("AAB", 1.0, 1),
        ("AAB", 0.66, 0),
        ("AAB", 0.67, 1),
        ("AAAB", 0.75, 0),
        ("AB", 0.51, 1),
        ("AAB?", 0.66, 0),
    ],
)
def test_the_share_is_of_the_answers_that_were_extracted(answers: str, share: float, asked: int) -> None:
    port = Port("The answer is (D).")
    built(share=share).aggregate([item(answers)], generate=port)
    assert len(port.calls) == asked


@given(st.lists(st.text("AB?!", max_size=5), max_size=8), st.floats(0.51, 1.0))
def test_the_llm_is_asked_at_most_once_about_exactly_those_who_do_not_agree(
    answers: list[str], share: float
) -> None:
    port = Port("The answer is (D).")
    items = [item(given, f"q{i}") for i, given in enumerate(answers)]
    verdicts = built(share=share).aggregate(items, generate=port)
    assert [v.query_id for v in verdicts] == [i.query.id for i in items]
    assert len(port.calls) <= 1
    asked = sum(len(conversations) for _, conversations, _ in port.calls)
    # Whom nobody answered, the LLM is not asked about either.
    assert asked == sum("was not asked" not in " ".join(v.notes) and v.error is None for v in verdicts)


def test_open_answers_are_compared_as_configured() -> None:
    completions = (said("a", "The answer is 1/2."), said("b", "The answer is 0.5."))
    query = Query.from_text("How much?", id="q")
    port = Port("The answer is 0.5.")
    half = [Candidates(query=query, completions=completions)]
    built().aggregate(half, generate=port)
    assert len(port.calls) == 1
    built(equivalence={"kind": "math"}).aggregate(half, generate=port)
    assert len(port.calls) == 1, "as values they are the same, so nobody is asked"


def test_it_asks_whom_the_one_inside_asks() -> None:
    assert built().experts == ("judge",)
    assert built(inner={"kind": "weighted"}).experts == ()


@pytest.mark.parametrize("share", [0.5, 0.0, 1.1])
def test_half_is_no_agreement(share: float) -> None:
    with pytest.raises(ValidationError, match="share"):
        built(share=share)
