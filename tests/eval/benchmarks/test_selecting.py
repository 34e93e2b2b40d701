"""Samples of questions: random, fixed, and growing."""

import pytest

from eval.benchmarks.selecting import check_split, first_n
from eval.question import Question
from experts.errors import BenchmarkError
from experts.query import Query

QUESTIONS = [
    Question(query=Query.from_text("x?", id=f"made:{i}"), gold="1", subject="ab"[i // 50]) for i in range(100)
]


def test_all_are_in_their_own_order() -> None:
    assert first_n(QUESTIONS, None, "made") == QUESTIONS


def test_a_sample_is_not_the_top_of_the_file_and_grows() -> None:
    ten, twenty = (first_n(QUESTIONS, n, "made") for n in (10, 20))
    assert twenty[:10] == ten
    assert {q.subject for q in ten} == {"a", "b"}
    assert first_n(QUESTIONS[::-1], 10, "made") == ten


def test_more_than_there_are() -> None:
    with pytest.raises(BenchmarkError, match="made has 100 questions, and 101 are asked for; give less"):
        first_n(QUESTIONS, 101, "made")


def test_an_unknown_split_offers_a_close_name() -> None:
    with pytest.raises(
        BenchmarkError, match=r"no split 'valid' \(did you mean 'validation'\?\); give one of"
    ):
        check_split("made", "valid", ("train", "validation"))
