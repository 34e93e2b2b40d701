"""The report: its keys are a promise, it is strict JSON, and its table shows every row."""

import json
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import Scripted, fails
from rich.console import Console

from eval.evaluation import evaluate_system
from eval.question import Question
from eval.report import report_dict, report_table, write_report
from experts.completion import Request
from experts.query import Query

ROWS = {
    *("system", "router_top1", "majority_vote", "weighted_vote"),
    *("best_single", "random", "oracle", "self_consistency"),
}


def _questions(split: str) -> list[Question]:
    return [
        Question(query=Query.from_text(f"{split} {i}?", id=f"{split}-{i}"), gold=gold, subject=subject)
        for i, (gold, subject) in enumerate([("4", "sums"), ("5", "sums"), ("4", "words")])
    ]


def _report(monkeypatch: pytest.MonkeyPatch, scripts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    with Scripted(monkeypatch, scripts, **changes) as scripted:
        evaluation = evaluate_system(scripted.system, _questions("test"), _questions("validation"))
    return report_dict(evaluation, benchmark="hand-made", benchmark_version="7", split="test")


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return _report(monkeypatch, {"ann": "The answer is 4.", "bob": "The answer is 5."}, k=1)


def test_keys_of_the_report(report: dict[str, Any]) -> None:
    assert set(report) == {
        "benchmark",
        "n",
        "accuracy",
        "system_minus",
        "accuracy_by_subject",
        "accuracy_by_expert",
        "best_single",
        "asked_share",
        "confusion",
        "errors",
        "unparsed",
        "abstained",
        "coverage",
        "accuracy_of_answered",
        "truncated",
        "switches",
        "tokens",
        "cost_usd",
        "seconds",
        "planned",
        "faults",
        "versions",
    }
    assert report["benchmark"] == {"name": "hand-made", "version": "7", "split": "test"}
    assert set(report["accuracy"]) == ROWS
    assert set(report["system_minus"]) == ROWS - {"system"}
    for interval in (*report["accuracy"].values(), *report["system_minus"].values()):
        assert set(interval) == {"value", "low", "high"}
        assert interval["low"] <= interval["value"] <= interval["high"]
    assert set(report["switches"]) == {"new_process", "new_engine", "reload", "wake"}
    assert set(report["tokens"]) == {"prompt", "completion"}
    assert set(report["seconds"]) == {"route", "generate", "aggregate", "total"}
    assert {"compound-llm", "python"} <= set(report["versions"])


def test_figures_of_the_report(report: dict[str, Any]) -> None:
    assert report["n"] == 3
    assert report["accuracy"]["system"]["value"] == pytest.approx(2 / 3)
    assert report["accuracy"]["oracle"]["value"] == 1.0
    assert report["accuracy"]["random"]["value"] == 0.5
    assert report["system_minus"]["random"]["value"] == pytest.approx(1 / 6)
    assert report["accuracy_by_expert"] == pytest.approx({"ann": 2 / 3, "bob": 1 / 3})
    assert report["accuracy_by_subject"]["sums"]["n"] == 2
    assert report["accuracy_by_subject"]["sums"]["value"] == 0.5
    assert report["accuracy_by_subject"]["words"]["value"] == 1.0
    assert report["best_single"] == "ann"
    assert report["asked_share"] == {"ann": 1.0, "bob": 0.0}
    assert (report["errors"], report["unparsed"], report["truncated"]) == (0, 0, 0)
    assert (report["abstained"], report["coverage"]) == (0, 1.0)
    assert report["accuracy_of_answered"] == report["accuracy"]["system"]
    assert report["tokens"] == {"prompt": 6, "completion": 12}


def test_same_evaluation_gives_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {"ann": "The answer is 4.", "bob": "The answer is 5."}
    one, two = (_report(monkeypatch, scripts, k=1) for _ in range(2))
    for row in (one, two):
        row.pop("seconds")
    assert one == two


def test_written_report_is_strict_json(report: dict[str, Any], tmp_path: Path) -> None:
    path = write_report(report, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "report.json"
    assert json.loads(path.read_text(encoding="utf-8")) == report


@pytest.mark.parametrize("scripts", [{"ann": fails(), "bob": "The answer is 4."}, {"ann": fails()}])
def test_experts_that_only_fail_are_null_and_never_nan(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scripts: dict[str, Any]
) -> None:
    report = _report(monkeypatch, scripts)
    assert report["accuracy_by_expert"]["ann"] is None
    assert "NaN" not in write_report(report, tmp_path).read_text(encoding="utf-8")
    assert report["errors"] == (0 if "bob" in scripts else 3)


def test_nan_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report({"value": float("nan")}, tmp_path)
    assert not (tmp_path / "report.json").exists()


def _shown(report: dict[str, Any]) -> str:
    screen = Console(record=True, width=140, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
    with screen.file:
        screen.print(report_table(report))
        return screen.export_text()


def _unsure_of_words(request: Request) -> str:
    return "The answer is 4." if "2?" not in request.messages[-1].content else "The answer is 5."


def test_answers_that_are_withheld_have_a_row_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    abstain = {"kind": "abstain", "below": 0.9, "inner": {"kind": "majority"}}
    report = _report(monkeypatch, {"ann": "The answer is 4.", "bob": _unsure_of_words}, aggregator=abstain)
    # All say 4 to the first two questions, of which one is right; on the third they differ.
    assert (report["abstained"], report["unparsed"], report["errors"]) == (1, 0, 0)
    assert report["coverage"] == pytest.approx(2 / 3)
    assert report["accuracy"]["system"]["value"] == pytest.approx(1 / 3), "no answer is no right answer"
    assert report["accuracy_of_answered"]["value"] == pytest.approx(1 / 2)
    [row] = [line for line in _shown(report).splitlines() if "it answers" in line]
    assert row.strip().split("  ")[0] == "system, on the 66.7% it answers"
    assert "50.0%" in row


def test_where_nothing_was_answered_there_is_no_accuracy_of_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    abstain = {"kind": "abstain", "below": 0.9, "inner": {"kind": "majority"}}
    scripts = {"ann": "The answer is 4.", "bob": "The answer is 5."}
    report = _report(monkeypatch, scripts, aggregator=abstain)
    assert (report["abstained"], report["coverage"], report["accuracy_of_answered"]) == (3, 0.0, None)
    assert "system, on the 0.0% it answers" in _shown(report)
    assert "NaN" not in write_report(report, tmp_path).read_text(encoding="utf-8")


def test_asked_share_counts_who_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = {"kind": "posterior", "threshold": 0.1, "first": 1, "by": {"kind": "majority"}}
    scripts = {"ann": "The answer is 4.", "bob": "The answer is 5."}
    stopped = _report(monkeypatch, scripts, stopping=stopping)
    assert stopped["asked_share"] == {"ann": 1.0, "bob": 0.0}
    replaced = _report(monkeypatch, {"ann": fails(), "bob": "The answer is 4."}, k=1)
    assert replaced["asked_share"] == {"ann": 0.5, "bob": 0.5}


def test_table_shows_every_row_and_names_the_best_single(report: dict[str, Any]) -> None:
    shown = _shown(report)
    assert "hand-made 7, test, 3 questions" in shown
    assert "best single (ann)" in shown
    assert len([line for line in shown.splitlines() if "%" in line and "interval" not in line]) == len(ROWS)
    assert "66.7%" in shown
