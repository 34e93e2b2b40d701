"""A comparison of routers as JSON and as tables. Knows how numbers are shown, not how they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.table import Table

from eval.metrics import Interval, accuracy
from eval.routing.bench import Bench, Outcome, Row
from eval.routing.costs import mean_cost
from experts.expert_facts import ExpertFacts

Facts = dict[str, ExpertFacts]
COMPARED = {1: ("best single", "best per gold subject"), 3: ("fixed top-3 vote", "64-NN, 3 experts")}
"""By mean experts allowed, the floors shown in the table; all are in the JSON."""


def report(bench: Bench, facts: Facts, *, encoder: str, encoding_microseconds: float) -> dict[str, Any]:
    """Everything that was found, for `bench.json`."""
    return {
        "format": 1,
        "experts": list(bench.experts),
        "questions": bench.questions,
        "encoder": encoder,
        "encoding_microseconds": encoding_microseconds,
        "floors": {
            floor.name: {
                "accuracy": _interval(accuracy(floor.scores)),
                "experts": float(np.mean([len(picks) for picks in floor.chosen])) if floor.chosen else None,
                "parameters_b": mean_cost(bench.experts, floor.chosen, facts),
            }
            for floor in bench.floors
        },
        "winner": {str(most): bench.winner(most).entry.name for most in bench.rows[0].outcomes},
        "rows": [_row(bench, row, facts, encoding_microseconds) for row in bench.rows],
        "skipped": bench.skipped,
    }


def table(found: dict[str, Any], most: int) -> Table:
    """Accuracies for one bound on mean experts, for the screen."""
    compared = [name for name in COMPARED.get(most, ()) if name in found["floors"]]
    title = f"At most {most} experts a query on average" if most > 1 else "One expert a query"
    shown = Table(title=title, title_justify="left")
    for name in (
        "router",
        "valid.",
        "test, 95%",
        *(f"minus {name}" for name in compared),
        "experts",
        "policy",
    ):
        shown.add_column(name)
    for row in found["rows"]:
        outcome = row["outcomes"][str(most)]
        star = " *" if found["winner"][str(most)] == row["router"] else ""
        shown.add_row(
            row["router"] + star,
            f"{100 * outcome['validation']:.1f}",
            _percent(outcome["accuracy"]),
            *(_signed(outcome["against"][name]) for name in compared),
            f"{outcome['experts']:.2f}",
            outcome["policy"],
        )
    return shown


def cost_table(found: dict[str, Any]) -> Table:
    """How good the probabilities are, and what routing costs, for the screen."""
    shown = Table(title="Probabilities and costs", title_justify="left")
    for name in ("router", "after"):
        shown.add_column(name)
    for name in ("ECE", "worst", "by chance", "Brier skill", "fit s", "us", "with encoding", "MB"):
        shown.add_column(name, justify="right")
    for row in found["rows"]:
        shown.add_row(
            row["router"],
            row["after"],
            f"{row['pool_calibration_error']:.3f}",
            f"{row['calibration_error']:.3f}",
            f"{row['calibration_error_by_chance']:.3f}",
            f"{row['brier_skill']:+.3f}",
            f"{row['fit_seconds']:.1f}",
            f"{row['microseconds']:.0f}",
            f"{row['microseconds_with_encoding']:.0f}",
            f"{row['saved_bytes'] / 1e6:.1f}",
        )
    return shown


def floor_table(found: dict[str, Any]) -> Table:
    """What routers are compared with."""
    shown = Table(title="Without a router", title_justify="left")
    for name in ("rule", "test, 95%", "experts"):
        shown.add_column(name)
    for name, floor in found["floors"].items():
        experts = "-" if floor["experts"] is None else f"{floor['experts']:.2f}"
        shown.add_row(name, _percent(floor["accuracy"]), experts)
    return shown


def _row(bench: Bench, row: Row, facts: Facts, encoding: float) -> dict[str, Any]:
    per_query = row.trial.microseconds + (0.0 if row.config.kind == "best_single" else encoding)
    return {
        "router": row.entry.name,
        "after": row.entry.after,
        "config": row.config.model_dump(mode="json"),
        "pool_calibration_error": row.quality.pool_error,
        "calibration_error_by_chance": row.quality.chance_error,
        "calibration_error": _worst(row.quality.calibration_error),
        "brier_skill": _least(row.quality.brier_skill),
        "per_expert": {
            name: {"calibration_error": _number(error), "brier_skill": _number(skill)}
            for name, error, skill in zip(
                bench.experts, row.quality.calibration_error, row.quality.brier_skill, strict=True
            )
        },
        "log_loss": row.quality.log_loss,
        "fit_seconds": row.trial.fit_seconds,
        "microseconds": row.trial.microseconds,
        "microseconds_with_encoding": per_query,
        "saved_bytes": row.trial.saved_bytes,
        "outcomes": {str(most): _outcome(bench, o, facts) for most, o in row.outcomes.items()},
    }


def _outcome(bench: Bench, outcome: Outcome, facts: Facts) -> dict[str, Any]:
    asked = np.bincount([i for picks in outcome.chosen for i in picks], minlength=len(bench.experts))
    return {
        "validation": outcome.validation,
        "accuracy": _interval(outcome.accuracy),
        "against": {name: _interval(difference) for name, difference in outcome.against.items()},
        "experts": outcome.experts,
        "parameters_b": mean_cost(bench.experts, outcome.chosen, facts),
        "policy": outcome.policy.kind,
        "policy_config": outcome.policy.model_dump(mode="json"),
        "asked": {name: int(count) for name, count in zip(bench.experts, asked, strict=True)},
    }


def _worst(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Largest over experts."""
    return float(np.nanmax(values))


def _least(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Smallest over experts."""
    return float(np.nanmin(values))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _interval(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _percent(interval: dict[str, float]) -> str:
    low, high = (100 * interval[side] for side in ("low", "high"))
    return f"{100 * interval['estimate']:.1f} ({low:.1f} to {high:.1f})"


def _signed(interval: dict[str, float]) -> str:
    estimate, low, high = (100 * interval[side] for side in ("estimate", "low", "high"))
    return f"{estimate:+.1f} ({low:+.1f} to {high:+.1f})"
