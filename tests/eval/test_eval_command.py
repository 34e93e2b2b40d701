"""`compound eval`: files, JSON, exit codes, nothing asked twice, mistakes in one sentence."""

from pathlib import Path

import pytest
from checks.run_commands import last_right, run, strict
from checks.scripted_systems import mute, system_file

from eval.reports.schema import Report
from eval.runs.manifest import Manifest
from eval.runs.row import read_rows
from experts.outcome_table import OutcomeTable

FEW = ("--validation", "5")


def test_the_folder_has_everything_and_json_is_the_report(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    result = run("eval", "pocket", "-n", "6", "-c", last_right(tmp_path), "-o", str(out), *FEW, "--json")
    assert result.exit_code == 0, result.output
    report = strict(result.stdout)
    assert report == strict((out / "report.json").read_text(encoding="utf-8"))
    read = Report.model_validate(report)
    assert (read.n, read.benchmarks[0].name, read.benchmarks[0].split) == (6, "pocket", "test")
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    rows = read_rows(out / "rows.jsonl")
    assert len(rows) == 6 and {len(row.experts) for row in rows} == {4}
    table = OutcomeTable.load(out / "matrix.parquet")
    assert [q.id for q in table.queries] == [row.id for row in rows]
    assert set(table.splits) == {"test"}
    assert Manifest.read(out / "manifest.json") == read.manifest


def test_again_asks_nobody_and_says_the_same(tmp_path: Path) -> None:
    args = ("eval", "pocket", "-n", "6", "-c", last_right(tmp_path), "-o", str(tmp_path / "out"), *FEW)
    first = strict(run(*args, "--json").stdout)
    kept = (tmp_path / "out" / "completions.store").read_text(encoding="utf-8")
    # Every expert on 6 questions and 5 to choose by, and 4 samples of one on the 6.
    assert len(kept.splitlines()) == (6 + 5) * 4 + 6 * 4
    rows = (tmp_path / "out" / "rows.jsonl").read_bytes()
    second = strict(run(*args, "--json").stdout)
    assert (tmp_path / "out" / "completions.store").read_text(encoding="utf-8") == kept
    assert (tmp_path / "out" / "rows.jsonl").read_bytes() == rows
    assert second["course"]["from_store"] == len(kept.splitlines()) > first["course"]["from_store"]
    assert first | {"course": None} == second | {"course": None}


def test_another_run_in_the_same_folder_is_refused_unless_told_so(tmp_path: Path) -> None:
    args = ("eval", "pocket", "-c", last_right(tmp_path), "-o", str(tmp_path / "out"), *FEW, "--json")
    assert run(*args, "-n", "4").exit_code == 0
    refused = run(*args, "-n", "6")
    assert refused.exit_code == 2
    assert "holds another run (not the same: benchmarks)" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert run(*args, "-n", "6", "--overwrite").exit_code == 0


def test_in_words_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    result = run("eval", "pocket", "-n", "4", "-c", last_right(tmp_path), *FEW)
    assert result.exit_code == 0, result.output
    for words in ("oracle", "best single", "random expert"):
        assert words in result.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["system.yaml"]


def test_of_the_validation_split_chooses_the_best_single_elsewhere(tmp_path: Path) -> None:
    result = run(
        "eval", "pocket", "--split", "validation", "-n", "4", "-c", last_right(tmp_path), *FEW, "--json"
    )
    assert result.exit_code == 0, result.output
    manifest = Report.model_validate(strict(result.stdout)).manifest
    assert (manifest.benchmarks[0].split, manifest.validation[0].split) == ("validation", "fit")


def test_experts_only_needs_no_router(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, router={"kind": "trained", "path": str(tmp_path / "not-yet")}))
    out = tmp_path / "out"
    result = run("eval", "pocket", "-n", "4", "-c", config, "-o", str(out), "--experts-only", "--json")
    assert result.exit_code == 0, result.output
    report = Report.model_validate(strict(result.stdout))
    assert report.outcomes is None and report.manifest.experts_only
    assert [expert.name for expert in report.experts] == ["ann", "bob", "cyd"]
    assert "system" not in {standing.name for standing in report.table}
    assert OutcomeTable.load(out / "matrix.parquet").experts == ("ann", "bob", "cyd")
    assert (out / "report.html").exists()


def test_all_splits_of_a_benchmark_in_one_matrix(tmp_path: Path) -> None:
    out = tmp_path / "out"
    args = ("eval", "pocket", "--split", "all", "-n", "3", "-c", str(system_file(tmp_path)), "-o", str(out))
    result = run(*args, "--experts-only", "--json")
    assert result.exit_code == 0, result.output
    splits = OutcomeTable.load(out / "matrix.parquet").splits
    assert {"train", "validation", "test"} <= set(splits)


def test_questions_that_nobody_answered_are_exit_code_1(tmp_path: Path) -> None:
    config = str(system_file(tmp_path, {"ann": mute(tmp_path)}))
    result = run("eval", "pocket", "-n", "3", "-c", config, *FEW, "--json")
    assert result.exit_code == 1
    outcomes = Report.model_validate(strict(result.stdout)).outcomes
    assert outcomes is not None and outcomes.error == 3
    assert result.stderr == "3 of 3 questions have no answer (counted as wrong).\n"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("eval", "poket"), "no benchmark 'poket'"),
        (("eval", "pocket", "--split", "tset"), "no split 'tset'"),
        (("eval", "pocket", "-n", "0"), "at least 1"),
        (("eval", "pocket", "-n", "2", "-o", "{file}"), "cannot be made: File exists"),
        (("eval", "pocket", "pocket"), "named twice"),
        (("eval", "pocket", "--data", "gsm8k=x"), "--data"),
        (("eval", "pocket", "--baselines", "some"), "must be all, cheap, none, got 'some'"),
        (("profile", "poket", "-o", "{out}"), "no benchmark 'poket'"),
        (("profile", "pocket", "-n", "2", "-o", "{out}", "--compare"), "give --budget too"),
        (
            ("profile", "pocket", "-n", "2", "-o", "{out}", "--budget", "2"),
            "at least one call per expert (3)",
        ),
    ],
)
def test_error_is_one_sentence_and_exit_code_2(tmp_path: Path, args: tuple[str, ...], sentence: str) -> None:
    config = str(system_file(tmp_path))
    filled = [a.format(file=config, out=tmp_path / "out") for a in args]
    result = run(*filled, "-c", config)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert result.stdout == ""
