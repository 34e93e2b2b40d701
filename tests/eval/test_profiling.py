"""Every expert on every question, once, and never with the gold answer."""

import math
from dataclasses import replace

import pytest
from checks.scripted_systems import Scripted, fails

from eval.profiling import outcome_matrix, run_experts
from eval.question import Question
from experts.completion import Certainty, Completion, Request
from experts.engines.scripted import Reply
from experts.query import Query

GOLD = "Zanzibar-gold"
QUESTIONS = [
    Question(query=Query.from_text("one?", id="one"), gold=GOLD, subject="s", skills=("secret skill",)),
    Question(query=Query.from_text("two?", id="two", choices=["x", "y"]), gold="B", subject="s"),
]


def _ann(request: Request) -> str:
    return f"The answer is {GOLD}." if "one" in request.messages[-1].content else "The answer is (B)."


def _bob(request: Request) -> str | Reply:
    return "Well." if "one" in request.messages[-1].content else fails()


def test_every_expert_is_asked_every_question_once_without_gold(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": _ann, "bob": _bob}, helpers=[]) as scripted:
        asked = run_experts(scripted.system, QUESTIONS)
        assert set(asked) == {(q.id, name) for q in QUESTIONS for name in ("ann", "bob")}
        for engine in scripted.engines.values():
            assert sorted(r.query_id for r in engine.calls) == ["one", "two"]
            assert not [r for r in engine.calls if GOLD in repr(r) or "secret skill" in repr(r)]


def test_helpers_are_not_profiled_but_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": _ann, "judge": _bob}, helpers=["judge"]) as scripted:
        assert {name for _, name in run_experts(scripted.system, QUESTIONS)} == {"ann"}
        named = run_experts(scripted.system, QUESTIONS, experts=["judge"])
        assert {name for _, name in named} == {"judge"}


def test_known_completions_are_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": _ann, "bob": _bob}) as scripted:
        known = run_experts(scripted.system, QUESTIONS, experts=["ann"])
        asked = run_experts(scripted.system, QUESTIONS, known=known)
        assert len(asked) == 4
        assert len(scripted.engines["ann"].calls) == len(scripted.engines["bob"].calls) == 2
        assert run_experts(scripted.system, QUESTIONS, known=asked) == asked
        assert len(scripted.engines["bob"].calls) == 2


def test_outcomes_tell_right_unparsed_failed_and_never_run_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": _ann, "bob": _bob}) as scripted:
        asked = run_experts(scripted.system, QUESTIONS)
    matrix = outcome_matrix(QUESTIONS, ("ann", "bob", "new"), asked)
    assert matrix.question_ids == ("one", "two")
    assert matrix.score[:, 0, 0].tolist() == [1.0, 1.0]
    assert matrix.score[0, 1, 0] == 0.0
    assert math.isnan(matrix.score[1, 1, 0])
    assert all(math.isnan(value) for value in matrix.score[:, 2, 0])
    assert matrix.answer[:, 0, 0].tolist() == [GOLD, "B"]
    assert matrix.answer[0, 1, 0] == matrix.answer[1, 1, 0] == ""
    assert matrix.tokens[0, 0, 0] == 4
    assert math.isnan(matrix.tokens[0, 2, 0])
    assert matrix.cost_usd[0, 0, 0] > 0


def test_answer_that_came_with_a_completion_is_not_trusted() -> None:
    claimed = Completion(
        request_id="r", expert="ann", query_id="two", text="Hm.", finish_reason="stop", answer="B"
    )
    matrix = outcome_matrix(QUESTIONS, ("ann",), {("two", "ann"): claimed})
    assert matrix.score[1, 0, 0] == 0.0
    assert matrix.answer[1, 0, 0] == ""


def test_certainty_is_kept_where_it_was_told() -> None:
    told = Completion(
        request_id="r",
        expert="ann",
        query_id="two",
        text="The answer is (B).",
        finish_reason="stop",
        certainty=Certainty(mean_logprob=-0.5, self_certainty=8.0),
    )
    silent = replace(told, expert="bob", certainty=None)
    matrix = outcome_matrix(QUESTIONS, ("ann", "bob"), {("two", "ann"): told, ("two", "bob"): silent})
    assert matrix.certainty[1, 0, 0] == 8.0
    assert math.isnan(matrix.certainty[1, 1, 0])
    assert math.isnan(matrix.certainty[0, 0, 0])
