"""The picture of a comparison of aggregators: accuracy by coverage, for the winner of each bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(found: dict[str, Any], path: Path) -> None:
    """Write accuracy against the share of questions answered, surest first, as a PNG.

    Args:
        found: as `eval.fusing.report.report` makes it.
        path: of the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    for most, winner in found["winner"].items():
        row = next(r for r in found["rows"] if r["aggregator"] == winner and r["most_calls"] == int(most))
        points = row.get("coverage", [])
        axes.plot(
            [100 * p["coverage"] for p in points],
            [100 * p["accuracy"] for p in points],
            marker="o",
            label=f"{winner}, {row['calls']:.1f} calls",
        )
    axes.set(
        title="Accuracy where only the surest answers are given",
        xlabel="questions answered, %",
        ylabel="of these right, %",
    )
    axes.grid(alpha=0.3)
    axes.legend()
    FigureCanvasAgg(figure)
    figure.savefig(path)
