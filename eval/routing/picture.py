"""Accuracy against cost, one point a router, with the lines of the oracle and the best single expert."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(found: dict[str, Any], path: Path) -> None:
    """Write a picture of a report (`eval.routing.report.report`).

    Cost is billions of parameters asked per query; experts per query where sizes are not known.
    """
    from matplotlib.figure import Figure

    sized = all(o["parameters_b"] is not None for row in found["rows"] for o in row["outcomes"].values())
    unit = "parameters_b" if sized else "experts"
    figure = Figure(figsize=(8.5, 5.5), layout="constrained")
    axes = figure.add_subplot()
    for row in found["rows"]:
        points = sorted((o[unit], 100 * o["accuracy"]["estimate"]) for o in row["outcomes"].values())
        [line] = axes.plot(*zip(*points, strict=True), marker="o", markersize=4, linewidth=0.8)
        axes.annotate(
            row["router"],
            points[-1],
            fontsize=7,
            xytext=(4, 0),
            textcoords="offset points",
            color=line.get_color(),
        )
    for name, floor in found["floors"].items():
        height = 100 * floor["accuracy"]["estimate"]
        if name in ("oracle", "best single"):
            axes.axhline(height, linestyle="--" if name == "oracle" else ":", color="0.4", linewidth=1)
            axes.annotate(name, (0.01, height), xycoords=("axes fraction", "data"), fontsize=8, va="bottom")
        elif floor[unit] is not None:
            axes.plot(floor[unit], height, marker="x", color="0.4")
            axes.annotate(name, (floor[unit], height), fontsize=7, color="0.4", va="top")
    axes.set_xlabel("billions of parameters asked per query" if sized else "experts asked per query")
    axes.set_ylabel("right on test, %")
    axes.set_title(f"{len(found['experts'])} experts, {found['questions']['test']} questions", fontsize=10)
    figure.savefig(path, dpi=150)
