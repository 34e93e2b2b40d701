"""`compound compare`: words, JSON, the file of flips, mistakes in one sentence."""

from pathlib import Path

import pytest
from checks.made_rows import manifest_of, question_row
from checks.run_commands import strict
from checks.run_files import read

from eval.runs.row import QuestionRow, write_rows


def made_run(folder: Path, right: int, n: int = 20, *, k: int = 1) -> str:
    folder.mkdir()
    rows: list[QuestionRow] = [
        question_row(f"made:{i}", {"ann": "A"}, system="A" if i < right else "B", chosen=("ann",))
        for i in range(n)
    ]
    write_rows(rows, folder / "rows.jsonl")
    manifest_of(rows, config={"k": k}).write(folder / "manifest.json")
    return str(folder)


def test_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    first, second = made_run(tmp_path / "a", 4), made_run(tmp_path / "b", 16, k=3)
    result = read("compare", first, second, "--flips", str(tmp_path / "flips.tsv"))
    assert result.exit_code == 0, result.output
    for words in (
        "20 questions in both runs.",
        "+60.0 [",
        "12 questions became right: made:4, ",
        "and 4 more.",
        "0 questions became wrong.",
        "config.k: 1 -> 3",
    ):
        assert words in result.stdout
    lines = (tmp_path / "flips.tsv").read_text(encoding="utf-8").splitlines()
    assert lines == [f"right\tmade:{i}" for i in range(4, 16)]


def test_json_has_everything(tmp_path: Path) -> None:
    first, second = made_run(tmp_path / "a", 4), made_run(tmp_path / "b", 3)
    found = strict(read("compare", first, second, "--json").stdout)
    assert found["lost"] == ["made:3"] and found["gained"] == []
    assert found["system"]["first"] == 0.2
    assert found["settings"] == []


def test_one_group_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    first, second = made_run(tmp_path / "a", 4), made_run(tmp_path / "b", 3)
    assert "ann" not in read("compare", first, second, "--by", "subject").stdout
    assert "sums" not in read("compare", first, second, "--by", "expert").stdout


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    first, second = made_run(tmp_path / "a", 4), made_run(tmp_path / "b", 3, 10)
    for args, words in (
        ((first, second), "10 are in the first only"),
        ((first, second, "--by", "colour"), "--by must be one of"),
        ((first, str(tmp_path / "none")), "not the manifest of a run"),
    ):
        result = read("compare", *args)
        assert result.exit_code == 2 and words in result.stderr
        assert result.stderr.count("\n") == 1
    common = read("compare", first, second, "--common")
    assert common.exit_code == 0 and "10 in the first run only" in common.stdout
