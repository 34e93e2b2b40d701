"""Withholding unsure answers: the threshold, what stays, and what is refused."""

from typing import Any

import pytest
from checks.ports import Port, dead, said
from pydantic import TypeAdapter, ValidationError

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates


def built(**config: Any) -> Aggregator:
    whole = {"kind": "abstain", "inner": {"kind": "majority"}} | config
    return build_aggregator(TypeAdapter[Any](AggregatorConfig).validate_python(whole))


def item(*completions: Completion) -> Candidates:
    return Candidates(
        query=Query.from_text("Which?", id="q", choices=["w", "x", "y"]), completions=completions
    )


SPLIT = item(
    said("a", "The answer is (A)."), said("b", "The answer is (B)."), said("c", "The answer is (C).")
)


def test_below_the_threshold_the_answer_is_withheld_with_the_numbers() -> None:
    [verdict] = built(below=0.5).aggregate([SPLIT])
    assert verdict.abstained == "The likeliest answer has support 0.33, and 0.5 is needed."
    assert verdict.text == f"No answer is given, since the experts are not sure enough. {verdict.abstained}"
    assert (verdict.answer, verdict.agreed, verdict.error) == (None, (), None)
    assert verdict.support == pytest.approx(1 / 3)
    assert verdict.notes != (), "what the aggregator inside had to say stays"


@pytest.mark.parametrize(("below", "withheld"), [(0.0, False), (1 / 3, False), (0.34, True), (1.0, True)])
def test_support_at_the_threshold_is_enough(below: float, withheld: bool) -> None:
    [verdict] = built(below=below).aggregate([SPLIT])
    assert (verdict.abstained is not None) == withheld
    assert (verdict.answer is None) == withheld


def test_an_error_stays_an_error() -> None:
    [verdict] = built(below=1.0).aggregate([item(dead("a"), dead("b"))])
    assert verdict.error is not None
    assert verdict.abstained is None


def test_an_answer_of_unknown_support_is_given_with_a_note() -> None:
    inner = {"kind": "on_agreement", "inner": {"kind": "synthesis", "expert": "judge"}}
    split, agreed = built(inner=inner, below=0.9).aggregate(
        [SPLIT, item(said("a", "The answer is (A)."), said("b", "The answer is (A)."))],
        generate=Port("The answer is (B)."),
    )
    assert (split.answer, split.abstained) == ("B", None)
    assert "How sure the answer is, is not known, so it was not withheld." in split.notes
    assert (agreed.answer, agreed.abstained) == ("A", None)


@pytest.mark.parametrize(
    "inner",
    [
        {"kind": "top"},
        {"kind": "judge", "expert": "j"},
        {"kind": "synthesis", "expert": "j"},
        {"kind": "mixture", "expert": "j"},
        {"kind": "nominal_group", "expert": "j"},
        {"kind": "judge_then_synthesise", "expert": "j"},
        {"kind": "moderator", "expert": "j"},
    ],
    ids=str,
)
def test_an_aggregator_that_never_says_how_sure_it_is_is_refused(inner: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=f"'{inner['kind']}' never does"):
        built(inner=inner)


@pytest.mark.parametrize("below", [-0.1, 1.1])
def test_thresholds_are_shares(below: float) -> None:
    with pytest.raises(ValidationError, match="below"):
        built(below=below)
