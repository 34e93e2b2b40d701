"""A comparison of aggregators as JSON and as tables. Knows how numbers are shown, not how they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.table import Table

from eval.fusing.bench import Bench, Row
from eval.fusing.floors import TREES
from eval.metrics import Interval, accuracy
from eval.routing.quality import calibration_error

_COVERAGES = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))


def report(bench: Bench, *, encoder: str) -> dict[str, Any]:
    """Everything that was found, for `bench.json`."""
    bounds = sorted({row.most for row in bench.rows})
    return {
        "format": 1,
        "experts": list(bench.experts),
        "questions": bench.questions,
        "encoder": encoder,
        "router": bench.router.model_dump(mode="json"),
        "floors": {
            floor.name: {
                "accuracy": _interval(accuracy(floor.scores)),
                "calls": float(np.mean([len(picks) for picks in floor.chosen])) if floor.chosen else None,
                "tokens": _number(bench.floor_tokens.get(floor.name, float("nan"))),
            }
            for floor in bench.floors
        },
        "winner": {str(most): bench.winner(most).name for most in bounds},
        "rows": [_row(row) for row in bench.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "aggregator": row.name,
        "setting": row.setting,
        "most_calls": row.most,
        "validation": row.validation,
        "accuracy": _interval(row.accuracy),
        "against": {name: _interval(difference) for name, difference in row.against.items()},
        "calls": float(row.calls.mean()),
        "tokens": _number(float(row.tokens.mean())),
    }
    known = ~np.isnan(row.support)
    if known.any():
        support, scores = row.support[known], row.scores[known]
        found["calibration_error"] = calibration_error(support, scores)
        found["brier_skill"] = _brier_skill(support, scores)
        found["coverage"] = _coverage(support, scores)
    return found


def _brier_skill(support: np.ndarray[Any, Any], scores: np.ndarray[Any, Any]) -> float:
    """1 - Brier score / that of always saying the mean score; 0 where all scores are equal."""
    base = float(np.mean((scores - scores.mean()) ** 2))
    return 1.0 - float(np.mean((support - scores) ** 2)) / base if base > 0 else 0.0


def _coverage(support: np.ndarray[Any, Any], scores: np.ndarray[Any, Any]) -> list[dict[str, float]]:
    """Accuracy of the answers that are given if only the surest are, and the support that parts them."""
    order = np.argsort(-support, kind="stable")
    points = []
    for share in _COVERAGES:
        kept = order[: max(1, round(share * len(order)))]
        points.append(
            {
                "coverage": share,
                "accuracy": float(scores[kept].mean()),
                "least_support": float(support[kept[-1]]),
            }
        )
    return points


def table(found: dict[str, Any], most: int) -> Table:
    """Accuracies for one bound on mean calls, for the screen."""
    compared = [
        name
        for name in ("best single", f"fixed top-{most} vote", f"64-NN vote of {most}", TREES)
        if name in found["floors"]
    ]
    title = f"At most {most} calls a question on average"
    if most >= len(found["experts"]):
        title = f"All {most} experts"
    shown = Table(title=title, title_justify="left")
    shown.add_column("aggregator", min_width=18)
    for name in ("valid.", "test, 95%", *(f"minus {name}" for name in compared)):
        shown.add_column(name)
    for name in ("calls", "tokens", "ECE", "Brier skill"):
        shown.add_column(name, justify="right")
    rows = [row for row in found["rows"] if row["most_calls"] == most]
    for row in sorted(rows, key=lambda row: -row["validation"]):
        star = " *" if found["winner"][str(most)] == row["aggregator"] else ""
        setting = f" ({row['setting']})" if row["setting"] else ""
        shown.add_row(
            row["aggregator"] + star + setting,
            f"{100 * row['validation']:.1f}",
            _percent(row["accuracy"]),
            *(_signed(row["against"][name]) for name in compared),
            f"{row['calls']:.2f}",
            _count(row["tokens"]),
            f"{row['calibration_error']:.3f}" if "calibration_error" in row else "-",
            f"{row['brier_skill']:+.3f}" if "brier_skill" in row else "-",
        )
    return shown


def floor_table(found: dict[str, Any]) -> Table:
    """What aggregators are compared with."""
    shown = Table(title="To be beaten", title_justify="left")
    for name in ("rule", "test, 95%", "calls", "tokens"):
        shown.add_column(name)
    for name, floor in found["floors"].items():
        calls = "-" if floor["calls"] is None else f"{floor['calls']:.2f}"
        shown.add_row(name, _percent(floor["accuracy"]), calls, _count(floor["tokens"]))
    return shown


def early_lines(found: dict[str, Any]) -> list[str]:
    """What stopping early costs and saves, in words."""
    lines = []
    for row in found["rows"]:
        for fixed in found["rows"]:
            difference = row["against"].get(f"{fixed['aggregator']}, {fixed['most_calls']} calls")
            if row["setting"] and difference and not fixed["setting"] and row["calls"] < fixed["calls"]:
                saved = 100 * (1 - row["calls"] / fixed["calls"])
                lines.append(
                    f"{row['aggregator']} ({row['setting']}) against {fixed['aggregator']} with "
                    f"{fixed['most_calls']} calls: {_signed(difference)} with {saved:.0f}% fewer calls"
                )
    return lines


def coverage_line(found: dict[str, Any]) -> str:
    """Accuracy against coverage of the winner at the largest bound, in words."""
    most = max(found["winner"], key=int)
    row = next(
        r for r in found["rows"] if r["aggregator"] == found["winner"][most] and r["most_calls"] == int(most)
    )
    if "coverage" not in row:
        return f"{row['aggregator']} does not say how sure it is, so it has no curve of accuracy by coverage."
    points = ", ".join(f"{100 * p['coverage']:.0f}%: {100 * p['accuracy']:.1f}" for p in row["coverage"])
    return f"Accuracy where only the surest answers are given, {row['aggregator']} of all: {points}"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _interval(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _percent(interval: dict[str, float]) -> str:
    low, high = (100 * interval[side] for side in ("low", "high"))
    return f"{100 * interval['estimate']:.1f} ({low:.1f} to {high:.1f})"


def _signed(interval: dict[str, float]) -> str:
    estimate, low, high = (100 * interval[side] for side in ("estimate", "low", "high"))
    return f"{estimate:+.1f} ({low:+.1f} to {high:+.1f})"
