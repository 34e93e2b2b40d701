"""Rows of a run as lines: what is written is read again; a line that is none is named."""

from pathlib import Path

import pytest

from eval.runs.row import QuestionRow, read_rows, write_rows
from experts.errors import BenchmarkError


def rows() -> list[QuestionRow]:
    return [
        QuestionRow(id=f"b:{i}", benchmark="b", subject="law\u2028and order", gold="A", answer="A\nB")
        for i in range(3)
    ]


def test_read_again_as_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(rows(), path)
    assert read_rows(path) == rows()
    assert path.read_bytes().count(b"\n") == 3


def test_an_unreadable_line_is_named_and_the_way_out_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(rows(), path)
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[1] = lines[1][:20]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"rows.jsonl, line 2, is no row .* same `compound eval`"):
        read_rows(path)


def test_a_row_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"id": "a", "benchmark": "b", "subject": "", "gold": "A", "goal": 1}\n', encoding="utf-8"
    )
    with pytest.raises(BenchmarkError, match=r"line 1.*goal: Extra inputs"):
        read_rows(path)


def test_no_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="give the folder of a finished"):
        read_rows(tmp_path / "rows.jsonl")
