"""An evaluation as a table for people and as `report.json` for programs. Computes no scores."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from eval.confusion import confusion
from eval.evaluation import Evaluation
from eval.metrics import Interval, accuracy, paired_difference

_LABELS = {
    "system": "system",
    "weighted_vote": "weighted vote, same answers",
    "majority_vote": "majority vote, same answers",
    "router_top1": "router, k = 1",
    "self_consistency": "self-consistency",
    "best_single": "best single",
    "random": "random expert",
    "aggregator_alone": "aggregator model alone",
    "shuffled_candidates": "candidates swapped",
    "oracle": "oracle: any expert right",
}
"""Rows of the table, in order."""


def report_dict(
    evaluation: Evaluation, *, benchmark: str, benchmark_version: str, split: str
) -> dict[str, Any]:
    """All figures as plain values, ready for JSON; intervals are 95%, differences paired.

    None stands where there is nothing to measure, such as an expert that failed on every question.
    """
    system, counts = evaluation.scores["system"], evaluation.counts
    rng = np.random.default_rng(0)
    return {
        "benchmark": {"name": benchmark, "version": benchmark_version, "split": split},
        "n": len(evaluation.questions),
        "accuracy": {
            row: _value(accuracy(evaluation.scores[row])) for row in _LABELS if row in evaluation.scores
        },
        "system_minus": {
            row: _value(paired_difference(system, evaluation.scores[row], rng=rng))
            for row in _LABELS
            if row in evaluation.scores and row != "system"
        },
        "accuracy_by_subject": _by_subject(evaluation),
        "accuracy_by_expert": {
            name: None if math.isnan(value) else value
            for name, value in evaluation.outcomes.accuracy().items()
        },
        "best_single": evaluation.best_single,
        "asked_share": _asked_share(evaluation),
        "confusion": _confusion(evaluation),
        "errors": counts.error,
        "unparsed": counts.unparsed,
        "abstained": counts.abstained,
        "coverage": counts.coverage,
        "accuracy_of_answered": _value(counts.accuracy_of_answered) if counts.answered else None,
        "truncated": evaluation.truncated,
        "switches": asdict(evaluation.switches),
        "tokens": {
            "prompt": evaluation.usage.prompt_tokens,
            "completion": evaluation.usage.completion_tokens,
        },
        "cost_usd": evaluation.usage.cost_usd,
        "seconds": evaluation.seconds,
        "planned": list(evaluation.planned),
        "faults": [asdict(fault) for fault in evaluation.faults],
        "versions": {"compound-llm": _own_version(), "python": platform.python_version()},
    }


def write_report(report: Mapping[str, Any], folder: Path) -> Path:
    """Write `report.json` into a folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return path


def report_table(report: Mapping[str, Any]) -> Table:
    """The rows that matter, best explained first."""
    bench = report["benchmark"]
    title = f"{bench['name']} {bench['version']}, {bench['split']}, {report['n']} questions"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("who answers", no_wrap=True)
    table.add_column("accuracy", justify="right")
    table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("system minus it", justify="right", no_wrap=True)
    for row, label in _LABELS.items():
        if row not in report["accuracy"]:
            continue
        value, difference = report["accuracy"][row], report["system_minus"].get(row)
        name = f"{label} ({report['best_single']})" if row == "best_single" else label
        table.add_row(name, _percent(value["value"]), _range(value), _signed(difference))
        if row == "system" and report["abstained"]:
            table.add_row(*_answered_row(report))
    return table


def _answered_row(report: Mapping[str, Any]) -> tuple[str, str, str]:
    """The system among the questions that it answered; only where it withheld answers."""
    label = f"system, on the {_percent(report['coverage'])} it answers"
    value = report["accuracy_of_answered"]
    return (label, "", "") if value is None else (label, _percent(value["value"]), _range(value))


def hosting_lines(report: Mapping[str, Any]) -> list[str]:
    """Planned against actual, and what broke, as sentences."""
    rows = {row["what"]: row for row in report["planned"]}
    lines = []
    if "seconds" in rows and rows["seconds"]["planned"]:
        seconds, tokens = rows["seconds"], rows["completion tokens"]
        lines.append(
            f"planned for a cold start: {seconds['planned']:.1f} s and {tokens['planned']:,} tokens out; "
            f"actual: {seconds['actual']:.1f} s and {tokens['actual']:,}"
        )
    return lines + [f"{fault['kind']}: {fault['detail']}" for fault in report["faults"]]


def _own_version() -> str:
    try:
        return version("compound-llm")
    except PackageNotFoundError:
        return "not installed"  # run from a checkout


def _by_subject(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    subjects = np.array([q.subject for q in evaluation.questions])
    return {
        subject: {"n": int((subjects == subject).sum())}
        | _value(accuracy(evaluation.scores["system"][subjects == subject]))
        for subject in sorted(set(subjects.tolist()))
    }


def _asked_share(evaluation: Evaluation) -> dict[str, float]:
    """Share of all calls that each expert got, replacements and failures included.

    Shows a router that has collapsed. Who was chosen and not asked, after an early stop, is not counted.
    """
    asked = [completion.expert for answer in evaluation.answers for completion in answer.completions]
    return {name: asked.count(name) / len(asked) for name in evaluation.outcomes.experts}


def _confusion(evaluation: Evaluation) -> dict[str, Any]:
    """Rows and columns in the order of `experts`; None where there was nothing to count."""
    found = confusion(evaluation.answers, evaluation.outcomes)
    return {
        "experts": list(found.experts),
        "first": found.first.tolist(),
        "right_when_first": _nested(found.right_when_first),
        "same_mistake": _nested(found.same_mistake),
    }


def _nested(matrix: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if math.isnan(value) else value for value in row] for row in matrix.tolist()]


def _value(interval: Interval) -> dict[str, float]:
    return {"value": interval.estimate, "low": interval.low, "high": interval.high}


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def _range(value: Mapping[str, float]) -> str:
    return f"{100 * value['low']:.1f} to {100 * value['high']:.1f}"


def _signed(difference: Mapping[str, float] | None) -> str:
    if difference is None:
        return ""
    value, low, high = (100 * difference[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"
