"""Benchmarks of one's own files: splits, ids, samples; rows that are none, with their place."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from checks.made_benchmarks import write_table

from eval.benchmarks.benchmark import Benchmark
from eval.benchmarks.mapped import MappedBenchmark
from eval.benchmarks.mapping import MappingConfig
from eval.benchmarks.names import open_benchmark
from experts.errors import BenchmarkError
from experts.outcome_table import hash_split

CHOICE = {"question": "q", "choices": "options", "gold": "gold", "id": "id", "subject": "field"}
OPEN = {"question": "q", "gold": "gold"}
ROW: dict[str, Any] = {"q": "Which?", "options": ["red", "blue"], "gold": "B", "id": "one", "field": "law"}


def mine(tmp_path: Path, rows: list[dict[str, Any]], file: str = "rows.jsonl", **keys: Any) -> Benchmark:
    """A benchmark of some rows."""
    write_table(tmp_path / file, rows)
    return opened(tmp_path, file, **keys)


def opened(tmp_path: Path, file: str, **keys: Any) -> Benchmark:
    mapping = {"name": "mine", "version": 1, "files": {"test": file}, "columns": CHOICE, "gold": "letter"}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(mapping | keys), encoding="utf-8")
    return open_benchmark(str(path))


@pytest.mark.parametrize("file", ["rows.jsonl", "rows.parquet"])
def test_a_row_becomes_a_question(tmp_path: Path, file: str) -> None:
    (question,) = mine(tmp_path, [ROW], file, instruction="Letter only.", private=True).load("test")
    assert (question.id, question.gold, question.subject, question.split) == ("mine:one", "B", "law", "test")
    assert question.query.choices == ("red", "blue")
    assert question.query.instruction == "Letter only."
    assert (question.benchmark, question.private) == ("mine", True)


def test_options_in_a_csv_may_be_json(tmp_path: Path) -> None:
    row = ROW | {"options": json.dumps(["red", "blue"])}
    assert mine(tmp_path, [row], "rows.csv").load("test")[0].query.choices == ("red", "blue")


def test_a_filler_in_the_middle_moves_the_gold_letter(tmp_path: Path) -> None:
    row = ROW | {"options": ["red", "", "none", "blue"], "gold": "D"}
    (question,) = mine(tmp_path, [row], no_option=["none"]).load("test")
    assert (question.query.choices, question.gold) == (("red", "blue"), "B")


def test_an_open_question_may_have_several_right_answers(tmp_path: Path) -> None:
    rows = [{"q": "Which?", "gold": "007 or 8 (both were accepted)"}]
    (question,) = mine(tmp_path, rows, columns=OPEN, gold="integer").load("test")
    assert (question.gold, question.accepted) == ("7", ("8",))


def test_rows_without_ids_get_hashes_and_repeated_ones_numbers(tmp_path: Path) -> None:
    rows = [{"q": "a?", "gold": "1"}, {"q": "b?", "gold": "2"}, {"q": "a?", "gold": "1"}]
    first, other, again = mine(tmp_path, rows, columns=OPEN, gold="plain").load("test")
    assert again.id == f"{first.id}-2"
    assert other.id not in (first.id, again.id)
    reordered = mine(tmp_path, rows[::-1], columns=OPEN, gold="plain").load("test")
    assert {q.id for q in reordered} == {first.id, other.id, again.id}


def test_splits_by_a_column(tmp_path: Path) -> None:
    rows = [ROW | {"id": str(i), "part": part} for i, part in enumerate(["dev", "eval", "dev"])]
    benchmark = mine(tmp_path, rows, split={"column": "part", "values": {"dev": "validation"}})
    assert benchmark.splits == ("validation", "eval")
    assert [q.id for q in benchmark.load("validation")] == ["mine:0", "mine:2"]


def test_splits_by_the_hash_of_the_question(tmp_path: Path) -> None:
    rows = [ROW | {"id": str(i), "q": f"Which {i}?"} for i in range(60)]
    benchmark = mine(tmp_path, rows, split="hash")
    found = {split: benchmark.load(split) for split in benchmark.splits}
    assert set(found) == {"train", "validation", "test"}
    assert sum(map(len, found.values())) == 60
    assert all(hash_split(q.query.question) == split for split, qs in found.items() for q in qs)


def test_a_sample_is_of_the_split_alone_and_all_are_in_file_order(tmp_path: Path) -> None:
    rows = [ROW | {"id": str(i)} for i in range(50)]
    benchmark = mine(tmp_path, rows)
    assert [q.id for q in benchmark.load("test")] == [f"mine:{i}" for i in range(50)]
    five = benchmark.load("test", 5)
    assert five == benchmark.load("test", 20)[:5]
    assert [q.id for q in five] != [f"mine:{i}" for i in range(5)]
    for n, sentence in [(0, "at least 1, got 0"), (51, "has 50 questions, and 51 are asked for")]:
        with pytest.raises(BenchmarkError, match=sentence):
            benchmark.load("test", n)


@pytest.mark.parametrize(
    ("change", "keys", "sentence"),
    [
        ({"q": " "}, {}, "rows.jsonl, row 2: the question is empty"),
        ({"gold": ""}, {}, "rows.jsonl, row 2: the gold answer is empty"),
        ({"gold": "C"}, {}, "row 2: gold must be a letter from A to B, got 'C'"),
        (
            {"options": ["red", "none"]},
            {"no_option": ["none"]},
            "row 2: the gold answer is an option that only",
        ),
        ({"options": []}, {}, "row 2: there are no options"),
        ({"options": 7}, {}, "row 2, column options: options must be a list"),
        ({"options": ["red"], "gold": "A"}, {}, "row 2: .* has one choice"),
        ({"id": "one"}, {}, "row 2: the id 'one' stands in row 1 of rows.jsonl already"),
        (
            {"field": "lw"},
            {"subjects": ["law"]},
            r"row 2: unknown subject 'lw' \(did you mean 'law'\?\); law are",
        ),
    ],
)
def test_a_row_that_is_no_question(
    tmp_path: Path, change: dict[str, Any], keys: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BenchmarkError, match=sentence):
        mine(tmp_path, [ROW, ROW | {"id": "two"} | change], **keys).load("test")


def test_a_private_gold_answer_is_not_quoted(tmp_path: Path) -> None:
    row = {"q": "Which?", "gold": "secret"}
    benchmark = mine(tmp_path, [row], columns=OPEN, gold="integer", private=True)
    with pytest.raises(BenchmarkError, match="row 1: gold must be an integer") as caught:
        benchmark.load("test")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (CHOICE | {"question": "p"}, r"no column 'p'.*; it has q, options, gold, id, field"),
        (CHOICE | {"question": ["qq", "p"]}, r"no column 'qq' or 'p' \(did you mean 'q'\?\)"),
        (CHOICE | {"choices": "option"}, r"no column 'option' \(did you mean 'options'\?\)"),
    ],
)
@pytest.mark.parametrize("file", ["rows.jsonl", "rows.parquet"])
def test_a_missing_column_offers_close_names(
    tmp_path: Path, columns: dict[str, Any], sentence: str, file: str
) -> None:
    with pytest.raises(BenchmarkError, match=sentence):
        mine(tmp_path, [ROW], file, columns=columns).load("test")


def test_several_columns_of_options(tmp_path: Path) -> None:
    rows = [{"q": "Which?", "x": "red", "y": "blue", "gold": i, "id": i} for i in (1, 2)]
    columns = {"question": "q", "choice_columns": ["x", "y"], "gold": "gold", "id": "id"}
    assert [q.gold for q in mine(tmp_path, rows, columns=columns, gold="index1").load("test")] == ["A", "B"]
    columns["choice_columns"] = ["x", "z"]
    with pytest.raises(BenchmarkError, match="no column 'z'"):
        mine(tmp_path, rows, columns=columns, gold="index1").load("test")


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("rows.jsonl", b'{"q": "a", "gold": "1"}\n{"q": \n', r"rows\.jsonl, row 2 is not JSON"),
        ("rows.jsonl", b'{"q": "a", "gold": "1"}\n{"q": "b"}\n', r"rows\.jsonl, row 2: there is no 'gold'"),
        ("rows.jsonl", b'{"q": "a", "gold": "1"}\n[1]\n', "row 2 must be a JSON object"),
        ("rows.jsonl", b'{"q": "\xff", "gold": "1"}\n', "is not UTF-8 text"),
        ("rows.jsonl", b"", r"rows\.jsonl has no rows; fetch it again"),
        ("rows.csv", b"q,gold\n", r"rows\.csv has no rows; fetch it again"),
        ("rows.csv", b"q,gold\na,1\nb\n", r"rows\.csv, row 2, column gold: the row ends before it"),
        ("rows.parquet", b"PAR1 and no more", r"rows\.parquet cannot be read as parquet"),
        ("rows.txt", b"a", r"rows\.txt must end in \.csv, \.jsonl, \.json, \.parquet"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, file: str, content: bytes, sentence: str) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(BenchmarkError, match=sentence):
        opened(tmp_path, file, columns=OPEN, gold="plain").load("test")


def test_a_parquet_file_that_is_cut_off_inside_a_column(tmp_path: Path) -> None:
    rows = [{"q": f"Which of {i}?", "gold": str(i)} for i in range(3000)]
    path = write_table(tmp_path / "rows.parquet", rows)
    content = bytearray(path.read_bytes())
    content[40:4000] = bytes(3960)
    path.write_bytes(content)
    with pytest.raises(BenchmarkError, match="cannot be read as parquet, at row 1 or behind it"):
        opened(tmp_path, "rows.parquet", columns=OPEN, gold="plain").load("test")


def test_an_extraction_of_its_own_goes_with_every_question(tmp_path: Path) -> None:
    write_table(tmp_path / "rows.jsonl", [ROW])
    keys = {"name": "mine", "version": 1, "files": {"test": "rows.jsonl"}, "columns": CHOICE}
    config = MappingConfig.model_validate(keys | {"gold": "letter", "extraction": "last"})
    benchmark = MappedBenchmark(config, folder=tmp_path, official=lambda text, query: text[-1])
    (question,) = benchmark.load("test")
    assert benchmark.extraction == "last"
    assert question.official is not None and question.official("It is B", question.query) == "B"
    with pytest.raises(BenchmarkError, match="no extraction has the name 'last'"):
        MappedBenchmark(config, folder=tmp_path)


def test_an_unknown_split(tmp_path: Path) -> None:
    benchmark = mine(tmp_path, [ROW])
    for ask in (benchmark.load, benchmark.checksum):
        with pytest.raises(
            BenchmarkError, match=r"no split 'tst' \(did you mean 'test'\?\); give one of test"
        ):
            ask("tst")
