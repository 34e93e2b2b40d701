"""The answer: assembled from its parts, and plain enough for JSON."""

import json

import pytest

from compound.answer import Timings, assemble
from experts.completion import Completion, Usage
from experts.decision import RoutingDecision
from experts.verdict import Verdict

DECISION = RoutingDecision(
    query_id="q1",
    router="fixed",
    estimates={"ann": 2.0, "bob": 1.0},
    calibrated=False,
    ranked=("ann", "bob"),
    chosen=("ann", "bob"),
    reasons=("The order is fixed.",),
)


def _said(expert: str, tokens: int = 3, *, error: str | None = None, cut: bool = False) -> Completion:
    return Completion(
        request_id="r",
        expert=expert,
        query_id="q1",
        text="" if error else "The answer is 4.",
        answer=None if error else "4",
        finish_reason="error" if error else "length" if cut else "stop",
        error=error,
        usage=Usage(prompt_tokens=10, completion_tokens=tokens, seconds=0.5, cost_usd=0.25),
    )


def _verdict(**changes: object) -> Verdict:
    values = {"query_id": "q1", "aggregator": "majority", "text": "4", "answer": "4"} | changes
    return Verdict(**values)  # type: ignore[arg-type]


def test_usage_is_the_sum_of_experts_and_aggregator() -> None:
    answer = assemble(
        DECISION, (_said("ann", 3), _said("bob", 5)), _verdict(completion=_said("judge", 7)), Timings()
    )
    assert answer.usage == Usage(prompt_tokens=30, completion_tokens=15, seconds=1.5, cost_usd=0.75)


def test_warnings_name_who_failed_and_who_was_cut_off_then_the_notes() -> None:
    completions = (_said("ann", error="it is down."), _said("bob", 64, cut=True))
    answer = assemble(DECISION, completions, _verdict(notes=("A tie.",)), Timings())
    first, second, third = answer.warnings
    assert first == "ann did not answer: it is down."
    assert "bob" in second and "64 tokens" in second
    assert third == "A tie."
    assert answer.error is None


def test_no_warnings_where_all_went_to_plan() -> None:
    answer = assemble(DECISION, (_said("ann"), _said("bob")), _verdict(), Timings())
    assert answer.warnings == ()
    assert (answer.query_id, answer.text, answer.answer) == ("q1", "4", "4")


def test_error_of_the_verdict_is_the_error_of_the_answer() -> None:
    gone = _verdict(text="", answer=None, error="Every expert failed.")
    answer = assemble(DECISION, (_said("ann", error="down."),), gone, Timings())
    assert answer.error == "Every expert failed."
    assert answer.text == ""


def test_to_dict_is_plain_and_complete() -> None:
    timings = Timings(route=1.0, generate=2.0, aggregate=0.5)
    answer = assemble(DECISION, (_said("ann"), _said("bob")), _verdict(completion=_said("judge")), timings)
    row = answer.to_dict()
    assert json.loads(json.dumps(row, allow_nan=False)) == json.loads(json.dumps(row))
    assert row["timings"] == {"route": 1.0, "generate": 2.0, "aggregate": 0.5, "total": 3.5}
    assert row["decision"]["estimates"] == {"ann": 2.0, "bob": 1.0}
    assert row["completions"][1]["expert"] == "bob"
    assert row["verdict"]["completion"]["usage"]["completion_tokens"] == 3
    assert set(row) == {
        "query_id",
        "text",
        "answer",
        "verdict",
        "decision",
        "completions",
        "usage",
        "timings",
        "warnings",
        "stopped",
        "abstained",
        "error",
    }


def test_an_answer_that_is_withheld_is_no_error() -> None:
    withheld = _verdict(answer=None, text="No answer is given.", support=0.4, abstained="Not sure enough.")
    answer = assemble(DECISION, (_said("ann"),), withheld, Timings(), "1 of at most 2 experts were asked.")
    assert (answer.text, answer.answer, answer.error) == ("No answer is given.", None, None)
    assert answer.abstained == answer.to_dict()["abstained"] == "Not sure enough."
    assert answer.to_dict()["stopped"] == "1 of at most 2 experts were asked."


def test_total_of_timings_is_the_sum() -> None:
    assert Timings(route=0.1, generate=0.2, aggregate=0.3).total == pytest.approx(0.6)
