"""A live comparison on the screen: two tables and some sentences, from what `report` gives.

Intervals are wrapped under some 115 columns. Computes nothing.
"""

from __future__ import annotations

from typing import Any

from rich.table import Table

from aggregators.chosen.choice import VOTE
from eval.fusing.live.floors import BEST_SINGLE


def accuracy_table(found: dict[str, Any]) -> Table:
    """Accuracies in percent: aggregators, then what they must beat."""
    n = found["questions"]
    shown = Table(
        title=f"{found['benchmark']['name']} {found['benchmark']['version']}: "
        f"{n['validation']} validation and {n['test']} test questions",
        title_justify="left",
    )
    shown.add_column("who decides")
    for name in ("valid.", "test, 95%", "minus vote", "minus self-cons."):
        shown.add_column(name, justify="right")
    for part in ("rows", "floors"):
        for name, row in found[part].items():
            shown.add_row(
                _label(found, name),
                f"{100 * row['validation']['estimate']:.1f}",
                f"{100 * row['test']['estimate']:.1f} ({_range(row['test'])})",
                "" if name == VOTE else _signed(row["minus_vote"]),
                _signed(row["minus_self_consistency"]),
                end_section=name == list(found[part])[-1],
            )
    return shown


def cost_table(found: dict[str, Any]) -> Table:
    """Means per test question, and what happened to the questions."""
    shown = Table(title="Per test question", title_justify="left")
    shown.add_column("who decides")
    for name in ("calls", "tokens in", "out", "ms"):
        shown.add_column(name, justify="right")
    shown.add_column("questions")
    for part in ("rows", "floors"):
        for name, row in found[part].items():
            milliseconds = None if row["seconds"] is None else 1000 * row["seconds"]
            shown.add_row(
                _label(found, name),
                f"{row['calls']:.2f}",
                _number(row["prompt_tokens"], 0),
                _number(row["completion_tokens"], 0),
                _number(milliseconds, 1),
                ", ".join(f"{number} {what}" for what, number in row["counts"].items()),
                end_section=name == list(found[part])[-1],
            )
    return shown


def sentences(found: dict[str, Any]) -> list[str]:
    """The best row, the choice per group, and what was left out."""
    winner, configured = found["winner"], found["configured"]
    if winner == configured:
        lines = [f"The configured aggregator ({configured}) is the best on validation."]
    else:
        lines = [
            f"The best on validation is {winner}, not the configured {configured}. On test the best has "
            f"{_signed(found['winner_minus_configured'])} points against the configured."
        ]
    choice = found["choice"]
    lines += [f"{group['name']}: {group['why']}" for group in (choice["everywhere"], *choice["groups"])]
    return lines + [f"{kind} was left out: {why}" for kind, why in found["left_out"].items()]


def _label(found: dict[str, Any], name: str) -> str:
    told: str = f" ({found['best_single']})" if name == BEST_SINGLE else ""
    best = " *" if name == found["winner"] else ""
    own = " +" if name == found["configured"] else ""
    return name + told + best + own


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _range(interval: dict[str, float]) -> str:
    return f"{100 * interval['low']:.1f} to {100 * interval['high']:.1f}"


def _signed(interval: dict[str, float] | None) -> str:
    if interval is None:
        return ""
    estimate, low, high = (100 * interval[side] for side in ("estimate", "low", "high"))
    return f"{estimate:+.1f} ({low:+.1f} to {high:+.1f})"
