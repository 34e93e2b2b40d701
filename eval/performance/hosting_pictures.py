"""Pictures of what `hosting` has measured, from its JSON files. Measures nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(folder: Path) -> list[Path]:
    """One picture for each measurement that is there and has one; their paths."""
    from matplotlib.figure import Figure

    drawn = []
    for name, paint in _PICTURES.items():
        source = folder / f"{name}.json"
        if source.is_file():
            figure = Figure(figsize=(9, 4.2), layout="constrained")
            paint(figure.subplots(1, 2), json.loads(source.read_text(encoding="utf-8")))
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=120)
            drawn.append(path)
    return drawn


def _switching(axes: Any, rows: list[dict[str, Any]]) -> None:
    """Seconds of a batch by way, switches apart."""
    for ax, row in zip(axes, rows, strict=True):
        ways = ["ours", "grouped"]
        switch = [row[way]["switch_seconds"] for way in ways]
        rest = [row[way]["seconds"] - row[way]["switch_seconds"] for way in ways]
        ax.bar(["ours", "grouped,\na new engine each"], rest, label="generating")
        ax.bar(["ours", "grouped,\na new engine each"], switch, bottom=rest, label="switching")
        ax.set_ylabel("seconds")
        ax.set_title(
            f"{row['pool']}: {row['queries']} queries, k = {row['k']}\n"
            f"(in order of arrival, scaled: {row['arrival']['seconds']:,.0f} s)",
            fontsize=10,
        )
        ax.legend(fontsize=8)


def _online(axes: Any, result: dict[str, Any]) -> None:
    """Switches and latency of the policies, by ratio of switch to service."""
    ratios = sorted({row["ratio"] for row in result["runs"]})
    policies = list(result["runs"][0]["policies"])
    for ax, (key, label) in zip(
        axes, (("switches", "switches"), ("latency_p99_s", "p99 latency, seconds")), strict=True
    ):
        for i, policy in enumerate(policies):
            means = [
                sum(values) / len(values)
                for values in (
                    [row["policies"][policy][key] for row in result["runs"] if row["ratio"] == ratio]
                    for ratio in ratios
                )
            ]
            width = 0.8 / len(policies)
            places = [x + i * width for x in range(len(ratios))]
            ax.bar(places, means, width, label=policy.replace("_", " "))
        ax.set_yscale("log")
        ax.set_ylabel(label)
        middle = 0.4 - 0.4 / len(policies)
        ax.set_xticks([x + middle for x in range(len(ratios))], [f"switch {r:g} x service" for r in ratios])
        ax.legend(fontsize=7)


def _planning_scale(axes: Any, result: dict[str, Any]) -> None:
    """Seconds to plan by number of queries."""
    rows = result["rows"]
    for ax, keys in zip(axes, (("total_s",), ("grouping_s", "planning_s")), strict=True):
        for key in keys:
            ax.plot([r["queries"] for r in rows], [r[key] for r in rows], marker="o", label=key[:-2])
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel(f"queries ({result['experts']} experts, {result['slots']} slots)")
        ax.set_ylabel("seconds")
        ax.legend(fontsize=8)


def _planning_quality(axes: Any, result: dict[str, Any]) -> None:
    """How far plans are from the optimum."""
    ratios = result["ratios"]
    histogram: Axes = axes[0]
    histogram.hist(ratios, bins=40)
    histogram.set_yscale("log")
    histogram.set_xlabel("makespan / optimum")
    histogram.set_ylabel("rounds")
    share: Axes = axes[1]
    share.plot(ratios, [100 * (i + 1) / len(ratios) for i in range(len(ratios))])
    share.set_xlabel("makespan / optimum")
    share.set_ylabel("rounds at most so far, %")


_PICTURES: dict[str, Callable[[Any, Any], None]] = {
    "switching": _switching,
    "online": _online,
    "planning_scale": _planning_scale,
    "planning_quality": _planning_quality,
}
