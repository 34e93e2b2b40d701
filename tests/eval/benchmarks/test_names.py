"""Benchmarks by name, and what is refused."""

import pytest

from eval.benchmarks.names import benchmark_version, load_benchmark
from experts.errors import BenchmarkError


def test_miniature_benchmark_is_known_and_has_a_version() -> None:
    questions = load_benchmark("pocket", "test", 12)
    assert len(questions) == 12
    assert {q.split for q in questions} == {"test"}
    assert len({q.id for q in questions}) == 12
    assert benchmark_version("pocket")


def test_same_questions_every_time_and_none_in_two_splits() -> None:
    first, again = (load_benchmark("pocket", "validation", 50) for _ in range(2))
    assert first == again
    other = load_benchmark("pocket", "test", 50)
    assert not {q.id for q in first} & {q.id for q in other}


@pytest.mark.parametrize(
    ("name", "split", "n", "sentence"),
    [
        ("poket", "test", 1, "no benchmark 'poket'; known are pocket"),
        ("", "test", 1, "no benchmark ''"),
        ("pocket", "tset", 1, "no split 'tset'"),
        ("pocket", "test", 0, "at least 1, got 0"),
        ("pocket", "test", -3, "at least 1, got -3"),
    ],
)
def test_what_is_not_to_be_had_is_named(name: str, split: str, n: int, sentence: str) -> None:
    with pytest.raises(BenchmarkError, match=sentence):
        load_benchmark(name, split, n)
