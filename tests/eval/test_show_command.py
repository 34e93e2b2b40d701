"""`compound show`: a question from routing to fusion, texts from the store, private ones kept back."""

from pathlib import Path

import pytest
from checks.run_commands import strict
from checks.run_files import pocket_run, read

from eval.benchmarks.names import load_benchmark
from eval.runs.row import read_rows, write_rows
from experts.store import CompletionStore

N = ("-n", "4")


def test_question_texts_and_answers_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    out = pocket_run(tmp_path, "run", N)
    question = load_benchmark("pocket", "test", 4)[1]
    result = read("show", str(out), question.id)
    assert result.exit_code == 0, result.output
    for words in (question.query.question, "The answer is (A).", f"Gold answer: {question.gold}", "dot: "):
        assert words in result.stdout
    assert "Chosen: " in result.stdout and "System: " in result.stdout


def test_json_has_the_row_with_texts(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", N)
    row = read_rows(out / "rows.jsonl")[0]
    found = strict(read("show", str(out), row.id.partition(":")[2] or row.id, "--json").stdout)
    assert (found["id"], found["gold"], found["notes"]) == (row.id, row.gold, [])
    assert found["question"]["text"] == load_benchmark("pocket", "test", 4)[0].query.question
    assert {expert["expert"]: expert["text"] for expert in found["experts"]}["dot"] == "The answer is (A)."


def test_an_unknown_id_names_close_ones(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", N)
    row = read_rows(out / "rows.jsonl")[2]
    result = read("show", str(out), row.id + "x")
    assert result.exit_code == 2 and row.id in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_private_question_is_shown_only_when_told_so(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", N)
    rows = [row.model_copy(update={"private": True}) for row in read_rows(out / "rows.jsonl")]
    write_rows(rows, out / "rows.jsonl")
    hidden = read("show", str(out), rows[0].id)
    text = load_benchmark("pocket", "test", 4)[0].query.question
    assert text not in hidden.stdout and "The answer is (A)." not in hidden.stdout
    assert "--reveal" in hidden.stdout
    assert text in read("show", str(out), rows[0].id, "--reveal").stdout


def test_a_store_in_use_or_gone_is_a_note(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", N)
    id = read_rows(out / "rows.jsonl")[0].id
    with CompletionStore(out / "completions.store"):
        result = read("show", str(out), id)
    assert result.exit_code == 0 and "being written by another run" in result.stdout
    (out / "completions.store").unlink()
    result = read("show", str(out), id)
    assert result.exit_code == 0 and "there is no" in result.stdout
    assert not (out / "completions.store").exists()
