"""Where gold meets answer: letters, numbers, texts, and what is not an answer."""

import math
from dataclasses import fields, replace

import pytest

from eval.question import Question
from eval.scoring import OUTCOMES, SCORES, score_answer, score_completion, score_verdict
from experts.completion import Completion
from experts.errors import BenchmarkError
from experts.query import Query
from experts.verdict import Verdict


def choice(gold: str = "B") -> Question:
    return Question(
        query=Query.from_text("Which?", choices=("red", "green", "blue")), gold=gold, subject="colour"
    )


def open_question(gold: str) -> Question:
    return Question(query=Query.from_text("How many?"), gold=gold, subject="counting")


def said(
    text: str, *, answer: str | None = None, query_id: str = "q1", error: str | None = None
) -> Completion:
    return Completion(
        request_id="r",
        expert="a",
        query_id=query_id,
        text=text,
        answer=answer,
        finish_reason="error" if error else "stop",
        error=error,
    )


@pytest.mark.parametrize(
    ("answer", "outcome"), [("B", "right"), ("b", "right"), ("A", "wrong"), (None, "unparsed")]
)
def test_letters(answer: str | None, outcome: str) -> None:
    assert score_answer(answer, choice()) == outcome


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("42", "42"),
        ("42.0", "42"),
        ("1,200", "1200"),
        ("$18.00", "18"),
        ("25 students like to play", "25"),
        ("75.00 for yogurts", "75"),
        ("5 km", "5"),
        ("50%", "50"),
        ("x = 7", "7"),
        ("\u20ac9", "9"),
        ("9 \u20ac", "9"),
        ("paris.", "Paris"),
        ("5 km", "5 km"),
        ("1/2", "1/2"),
    ],
)
def test_open_right(answer: str, gold: str) -> None:
    assert score_answer(answer, open_question(gold)) == "right"


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("41", "42"),
        ("5 km", "5 m"),
        ("5", "5 km"),
        ("5 to 7", "5"),
        ("x^2", "2"),
        ("2x", "2"),
        ("about 42", "42"),
        ("2 or 3 days", "2"),
        ("42", "forty-two"),
        ("1.5", "1"),
        ("-5", "5"),
        ("km", "0"),
        ("London", "Paris"),
    ],
)
def test_open_wrong(answer: str, gold: str) -> None:
    assert score_answer(answer, open_question(gold)) == "wrong"


@pytest.mark.parametrize(("answer", "outcome"), [("80", "right"), ("081", "right"), ("82", "wrong")])
def test_a_question_may_have_two_right_answers(answer: str, outcome: str) -> None:
    assert score_answer(answer, replace(open_question("80"), accepted=("81",))) == outcome


@pytest.mark.parametrize("question", [choice("D"), choice(""), choice("green"), open_question(" ")])
def test_an_impossible_gold_is_not_scored_as_wrong(question: Question) -> None:
    with pytest.raises(BenchmarkError, match="gold must be"):
        score_answer("B", question)


def test_completions() -> None:
    assert score_completion(said("The answer is (B)."), choice()) == "right"
    assert score_completion(said("The answer is (A).", answer="B"), choice()) == "wrong"
    assert score_completion(said("No idea", answer="B"), choice()) == "unparsed"
    assert score_completion(said("", error="Dead."), choice()) == "error"


def test_verdicts() -> None:
    verdict = Verdict(query_id="q1", aggregator="majority", text="x", answer="B")
    assert score_verdict(verdict, choice()) == "right"
    dead = Verdict(query_id="q1", aggregator="majority", text="", answer=None, error="All failed.")
    assert score_verdict(dead, choice()) == "error"


def test_an_answer_that_is_withheld_is_an_outcome_of_its_own() -> None:
    held = Verdict(query_id="q1", aggregator="abstain", text="No answer.", answer=None, abstained="Not sure.")
    assert score_verdict(held, choice()) == "abstained"


def test_answers_to_other_questions_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="'q7'"):
        score_completion(said("The answer is (B).", query_id="q7"), choice())
    with pytest.raises(BenchmarkError, match="'q7'"):
        score_verdict(Verdict(query_id="q7", aggregator="top", text="x", answer="B"), choice())


def test_scores_of_outcomes() -> None:
    assert tuple(SCORES) == OUTCOMES
    assert [SCORES[outcome] for outcome in ("right", "wrong", "unparsed", "abstained")] == [
        1.0,
        0.0,
        0.0,
        0.0,
    ]
    assert math.isnan(SCORES["error"])


def test_a_query_has_no_place_for_gold() -> None:
    assert {field.name for field in fields(Query)} == {"id", "messages", "choices", "examples", "instruction"}
