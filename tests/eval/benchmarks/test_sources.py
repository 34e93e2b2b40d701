"""Where files are found: given, or described; how many rows they must have."""

from collections.abc import Callable
from pathlib import Path

import pytest
from checks.made_benchmarks import write_table

from eval.benchmarks.names import open_benchmark
from experts.errors import BenchmarkError

Tiny = Callable[[str], tuple[str, Path]]


def test_a_file_with_fewer_rows_than_it_must_have(tmp_path: Path) -> None:
    path = write_table(tmp_path / "test.jsonl", [{"question": "3 + 4?", "answer": "#### 7"}])
    with pytest.raises(BenchmarkError, match=r"test\.jsonl has 1 questions, and 1319 are expected; fetch"):
        open_benchmark("gsm8k", data=path).load("test")


def test_a_snapshot_folder_and_its_files_alone_are_the_same(tiny: Tiny) -> None:
    mapping, folder = tiny("mmlu_pro")
    whole = open_benchmark(mapping, data=folder)
    alone = open_benchmark(mapping, data=folder / "data" / "test-00000-of-00001.parquet")
    flat = open_benchmark(mapping, data=folder / "data")
    assert whole.load("test") == alone.load("test") == flat.load("test")
    assert (whole.splits, alone.splits) == (("test", "validation"), ("test",))
    assert whole.checksum("test") == alone.checksum("test") != whole.checksum("validation")


def test_files_of_a_mapping_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = tmp_path / "own" / "mine.yaml"
    write_table(tmp_path / "own" / "data" / "a.csv", [{"q": "3 + 4?", "a": "7"}])
    mapping.write_text(
        "{name: mine, version: 2, files: {test: data/a.csv}, columns: {question: q, gold: a}, gold: plain}",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path / "own" / "data")
    (question,) = open_benchmark(str(mapping)).load("test")
    assert (question.gold, question.benchmark, question.subject) == ("7", "mine", "mine")
    (tmp_path / "own" / "data" / "a.csv").unlink()
    with pytest.raises(BenchmarkError, match=r"there is no data/a\.csv in .*, the files of 'test'"):
        open_benchmark(str(mapping)).load("test")


def test_what_is_given_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"no file or folder .*/nowhere; give the questions of aime"):
        open_benchmark("aime", data=tmp_path / "nowhere").load("test")
    with pytest.raises(BenchmarkError, match=r"has no questions of mmlu_pro; it needs data/test-\*\.parquet"):
        open_benchmark("mmlu_pro", data=tmp_path).load("test")


def test_a_file_that_tells_no_split(tmp_path: Path) -> None:
    path = write_table(tmp_path / "some.jsonl", [{"question": "3 + 4?", "answer": "#### 7"}])
    with pytest.raises(BenchmarkError, match=r"nothing tells which split of gsm8k it is"):
        open_benchmark("gsm8k", data=path).load("test")
