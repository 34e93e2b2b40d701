"""The judge: whose answer is taken, by number or by name, and what happens where it names nobody."""

import pytest
from checks.ports import Port, dead, said
from pydantic import TypeAdapter, ValidationError

from aggregators.config import AggregatorConfig
from aggregators.reading.config import JudgeConfig
from aggregators.reading.judge import Judge
from experts.completion import Completion
from experts.errors import AggregationError
from experts.query import Query
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green"))
OPEN = Query.from_text("Why?")
THREE = (
    said("ann", "Sure. The answer is (A)."),
    said("bob-2", "Hm. The answer is (B)."),
    said("cyd", "The answer is (A)."),
)


def verdict(port: Port, *completions: Completion, query: Query = CHOICE, **settings: object) -> Verdict:
    config = JudgeConfig.model_validate({"kind": "judge", "expert": "judge", **settings})
    return Judge(config).aggregate([Candidates(query=query, completions=completions)], generate=port)[0]


@pytest.mark.parametrize(
    "reply",
    [
        "Best response: 2",
        "best response is 2.",
        "**Best response:** response 2",
        "Best response: bob-2",
        "Best response: 1? No. Best response: 2.",
        "<think>Best response: 1</think>Best response: Bob-2.",
    ],
)
def test_the_named_candidate_is_taken_as_it_stands(reply: str) -> None:
    found = verdict(Port(reply), *THREE)
    assert (found.answer, found.text) == ("B", "Hm. The answer is (B).")
    assert (found.agreed, found.support, found.error) == (("bob-2",), None, None)
    assert found.notes == (), "a judge that judges is nothing to warn of"
    assert found.completion is not None and found.completion.text == reply


def test_numbers_count_the_candidates_that_were_shown() -> None:
    port = Port("Best response: 2")
    found = verdict(port, dead("zed"), said("eve", "  "), *THREE)
    assert found.answer == "B"
    assert "### Response 2\n~~~ b8bd19890a92\nHm." in port.calls[0][1][0][-1].content


def test_a_pattern_of_ones_own() -> None:
    found = verdict(Port("Colours. I trust cyd.\nThe answer is (B)."), *THREE, pattern=r"I trust (\w+)")
    assert (found.answer, found.agreed) == ("A", ("ann", "cyd"))


@pytest.mark.parametrize(
    "reply", ["Best response: 4", "Best response: 0", "Best response: dan", "No idea.", ""]
)
def test_who_names_nobody_that_answered_is_replaced_by_the_fall_back(reply: str) -> None:
    found = verdict(Port(reply), *THREE)
    assert found.answer == "A"
    assert (
        found.notes[0] == "The judge judge named none of the candidates, so the fall-back 'majority' decided."
    )


def test_a_judge_that_fails_is_replaced_by_the_fall_back() -> None:
    found = verdict(Port("", error="Out of memory."), *THREE, fallback="top")
    assert found.answer == "A"
    assert "The aggregator judge failed (Out of memory)" in found.notes[0]


def test_a_trusted_answer_without_an_option_is_no_answer_to_a_choice() -> None:
    found = verdict(Port("Best response: 1"), said("ann", "Blue, I think."), *THREE[1:])
    assert found.answer == "B"
    assert (
        "No option could be extracted from the answer of ann, whom the judge judge trusts" in found.notes[0]
    )


def test_an_open_answer_without_a_statement_is_taken_as_text() -> None:
    found = verdict(Port("Best response: 2"), said("ann", "Because."), said("bob", "An essay."), query=OPEN)
    assert (found.text, found.answer, found.agreed) == ("An essay.", None, ())


def test_the_judge_is_asked_once_for_all_and_not_at_all_without_candidates() -> None:
    port = Port("Best response: 1")
    judge = Judge(JudgeConfig(kind="judge", expert="judge"))
    items = [Candidates(query=CHOICE, completions=c) for c in ((dead("ann"),), THREE, THREE)]
    found = judge.aggregate(items, generate=port)
    assert [len(asked) for _, asked, _ in port.calls] == [2]
    assert [v.answer for v in found] == [None, "A", "A"]
    assert found[0].error is not None
    with pytest.raises(AggregationError, match="Aggregator 'judge' asks expert 'judge'"):
        judge.aggregate(items)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pattern": "(", "expert": "x"}, "no regular expression"),
        ({"pattern": "best", "expert": "x"}, "exactly one group, got 0"),
        ({"pattern": "(a)(b)", "expert": "x"}, "exactly one group, got 2"),
        ({"prompt": {"template": "{question}"}, "expert": "x"}, "template must contain"),
        ({}, "expert"),
    ],
)
def test_wrong_configuration_is_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TypeAdapter(AggregatorConfig).validate_python({"kind": "judge", **settings})
