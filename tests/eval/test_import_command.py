"""`compound import`: the file it writes, what it says, and one sentence for what is wrong."""

import json
import os
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from compound import cli
from eval import import_command
from experts.outcome_table import OutcomeTable


def run(*args: str) -> Result:
    app = typer.Typer(cls=cli._WithEntryPoints)
    app.command("import")(import_command.command)
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["import", *args])


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "t.csv"
    path.write_text(
        "question,model,score,split\n2 + 2?,ann,1,train\n2 + 2?,bob,0,train\n"
        "Sky?,ann,,test\nSky?,bob,1,test\n"
    )
    return str(path)


def test_it_writes_a_table_with_facts_and_tells_what_it_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "models.json").write_text('{"ann": {"parameters_b": 7}, "eve": {}}')
    out = tmp_path / "new" / "matrix.parquet"
    args = (
        "table",
        source,
        "--map",
        "model=expert",
        "-o",
        str(out),
        "--facts",
        str(tmp_path / "models.json"),
    )
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "questions": 2,
        "splits": {"train": 1, "test": 1},
        "experts": 2,
        "samples": 1,
        "cells_run": 3,
        "cells": 4,
        "accuracy": {"ann": 1.0, "bob": 0.5},
        "with_facts": 1,
        "skipped": {"cells that were not run": 1},
        "notes": [],
        "out": str(out),
    }
    loaded = OutcomeTable.load(out)
    assert loaded.facts["ann"].parameters_b == 7 and list(loaded.facts) == ["ann"]
    words = run(*args).stdout
    for part in (
        "2 questions (1 train, 1 test), 2 experts, 1 with facts",
        "3 of 4 cells run (75.0%)",
        "accuracy from 50.0% (bob) to 100.0% (ann)",
        "skipped: 1 cells that were not run",
        f"written to {out}",
    ):
        assert part in words


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("tabel", "{source}"), "no kind 'tabel' to import; kinds are .*; did you mean 'table'?"),
        (("table", "{source}"), "t.csv, row 1, column expert: there is no such column"),
        (("table", "{source}", "--map", "model"), "--map takes COL=NAME"),
        (("table", "{source}", "--map", "x=expert"), "column expert|no column 'x'"),
        (("table", "none.csv"), "No file none.csv"),
        (("table", "{source}", "--map", "model=expert", "--facts", "none.json"), "none.json cannot be read"),
        (("table", "{source}", "--map", "model=expert", "-o", "{source}/x/m.parquet"), "cannot be made"),
    ],
)
def test_error_is_one_sentence_and_exit_code_2(
    source: str, tmp_path: Path, args: tuple[str, ...], sentence: str
) -> None:
    filled = [a.format(source=source) for a in args]
    out = () if "-o" in args else ("-o", str(tmp_path / "m.parquet"))
    result = run(*filled, *out)
    assert result.exit_code == 2, result.output
    assert re.search(sentence, result.stderr)
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "questions", "experts"),
    [("mmlu_redux_helm14", 5700, 14), ("zeroeval_crux", 800, 51), ("llmrouter_9models", 5610, 9)],
)
def test_real_outcomes_are_imported(tmp_path: Path, name: str, questions: int, experts: int) -> None:
    folder = os.environ.get("COMPOUND_DATA")
    if folder is None:
        pytest.skip("COMPOUND_DATA does not name the folder of recorded outcomes.")
    out = tmp_path / "matrix.parquet"
    result = run("outcomes", f"{folder}/{name}.parquet", "-o", str(out), "--facts", f"{folder}/models.json")
    assert result.exit_code == 0, result.output
    loaded = OutcomeTable.load(out)
    assert (len(loaded.queries), len(loaded.experts)) == (questions, experts)
    texts: dict[str, str] = {}
    for query, split in zip(loaded.queries, loaded.splits, strict=True):
        assert texts.setdefault(" ".join(query.question.lower().split()), split) == split
