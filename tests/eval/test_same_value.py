"""Answers compared by value, and what happens without math-verify."""

import logging
import sys
from collections.abc import Iterator

import pytest

from aggregators.equivalence.math_process import MathProcess
from eval import same_value as module
from eval.question import Question
from eval.same_value import same_value
from eval.scoring import score_answer
from experts.query import Query


def question(gold: str, *, by_value: bool = True) -> Question:
    return Question(query=Query.from_text("How much?"), gold=gold, subject="math", same_value=by_value)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("0.5", r"\frac{1}{2}"),
        ("14/3", r"\frac{14}{3}"),
        ("2(k+1)", "2k+2"),
        (r"(3, \pi/2)", r"\left( 3, \frac{\pi}{2} \right)"),
        (r"\sqrt{117}", r"3\sqrt{13}"),
        ("-5i + 6", "6 - 5i"),
        ("1,-2", "-2,1"),
    ],
)
def test_the_same_value_is_right_only_where_the_benchmark_says_so(answer: str, gold: str) -> None:
    assert score_answer(answer, question(gold)) == "right"
    assert score_answer(answer, question(gold, by_value=False)) == "wrong"


@pytest.mark.parametrize(
    ("answer", "gold"), [("0.6", r"\frac{1}{2}"), ("(2,5)", "[2,5)"), ("Bob", r"\text{Evelyn}"), ("6", "5")]
)
def test_another_value_is_wrong(answer: str, gold: str) -> None:
    assert score_answer(answer, question(gold)) == "wrong"


def test_the_same_text_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(MathProcess, "same", lambda self, a, b: asked.append(a))
    assert score_answer(r"\frac{1}{2}", question(r"\frac{1}{2}")) == "right"
    assert score_answer("5", question("5.0")) == "right"
    assert score_answer(None, question("5")) == "unparsed"
    assert asked == []


@pytest.fixture
def no_math_verify(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the package were not installed."""
    monkeypatch.setitem(sys.modules, "math_verify", None)
    module._equivalence.cache_clear()
    yield
    module._equivalence.cache_clear()


@pytest.mark.usefixtures("no_math_verify")
def test_without_math_verify_the_text_decides_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert [same_value("0.5", "1/2"), same_value("2/4", "1/2")] == [False, False]
    assert [record.message.partition(",")[0] for record in caplog.records] == ["math-verify is not installed"]
