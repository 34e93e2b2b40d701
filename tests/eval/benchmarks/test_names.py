"""Benchmarks by name, and what is refused."""

from pathlib import Path

import pytest

from eval.benchmarks.names import benchmark_names, benchmark_version, load_benchmark, open_benchmark
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
        (
            "poket",
            "test",
            1,
            r"no benchmark 'poket' \(did you mean 'pocket'\?\); known are aime, gpqa_diamond",
        ),
        ("mmlu-pro", "test", 1, "did you mean 'mmlu_pro'"),
        ("nowhere.yaml", "test", 1, "no benchmark file nowhere.yaml; give a YAML mapping, or one of aime"),
        ("", "test", 1, "no benchmark ''"),
        ("pocket", "tset", 1, "no split 'tset'"),
        ("pocket", "test", 0, "at least 1, got 0"),
        ("pocket", "test", -3, "at least 1, got -3"),
    ],
)
def test_what_is_not_to_be_had_is_named(name: str, split: str, n: int, sentence: str) -> None:
    with pytest.raises(BenchmarkError, match=sentence):
        load_benchmark(name, split, n)


def test_names_that_can_be_given() -> None:
    assert benchmark_names() == (
        "aime",
        "gpqa_diamond",
        "gpqa_extended",
        "gpqa_main",
        "gsm8k",
        "math500",
        "medmcqa",
        "mmlu_pro",
        "pocket",
    )


def test_every_benchmark_opens_without_its_files() -> None:
    for name in benchmark_names():
        if not name.startswith("gpqa"):
            benchmark = open_benchmark(name)
            assert (benchmark.name, benchmark.shots, benchmark.private) == (name, 0, False)
            assert benchmark.version == benchmark_version(name)


def test_the_miniature_benchmark_reads_no_file(tmp_path: Path) -> None:
    assert open_benchmark("pocket").checksum("test") == ""
    with pytest.raises(BenchmarkError, match="takes no --data"):
        open_benchmark("pocket", data=tmp_path)
    with pytest.raises(BenchmarkError, match="takes no --shots 5"):
        open_benchmark("pocket", shots=5)
