"""Reliability diagrams: whether probabilities come true (Murphy and Winkler 1977)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.reports.figures.canvas import MUTED, SYSTEM, draw
from eval.reports.figures.chart import Chart, Table
from eval.reports.schema import Calibration, Report
from eval.reports.words import percent, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = {
    "system": ("Do the answers' probabilities come true?", "support of the answer", "questions"),
    "router": (
        "Do the router's estimates come true?",
        "estimate of an expert",
        "pairs of question and expert",
    ),
}
_SHARES = (3.4, 1)
"""Heights of the diagram and of the sizes of its bins."""


def reliability_charts(report: Report) -> list[Chart]:
    """One of each kind of probability that is meant as one."""
    return [_chart(found) for found in report.calibration if found.bins]


def _chart(found: Calibration) -> Chart:
    title, what, unit = _WORDS[found.what]

    def paint(above: Axes, below: Axes) -> None:
        _diagram(above, found)
        _sizes(below, found)
        below.set_xlabel(f"{what} (%)")
        below.set_ylabel(unit.split()[0])

    skill = (
        ""
        if found.brier_skill is None
        else f", Brier skill {found.brier_skill:+.3f} (0: no better than the base rate)"
    )
    return Chart(
        id=f"calibration-{found.what}",
        title=title,
        svg=draw(paint, salt=found.what, height=5.2, width=5.2, shares=_SHARES),
        caption="On the dashed line, 70% means right in 70 of 100; above it, probabilities are too low, "
        f"below it too high. Lines are 95% intervals; below, the {unit} in each bin. Expected calibration "
        f"error {percent(found.ece)} points{skill}, over {found.n:,} {unit}.",
        table=Table(
            caption=f"Bins of the {what}",
            head=("probability (%)", unit, "mean probability (%)", "right (%), 95% interval"),
            rows=tuple(
                (
                    f"{100 * b.low:.0f} to {100 * b.high:.0f}",
                    f"{b.n:,}",
                    percent(b.predicted),
                    with_interval(b.right),
                )
                for b in found.bins
            ),
        ),
    )


def _diagram(axes: Axes, found: Calibration) -> None:
    axes.plot([0, 100], [0, 100], color=MUTED, linestyle="--", linewidth=1)
    for one in found.bins:
        x, low, high = (100 * v for v in (one.predicted, one.right.low, one.right.high))
        axes.plot([x, x], [low, high], color=SYSTEM, linewidth=1.2)
    axes.plot(
        [100 * one.predicted for one in found.bins],
        [100 * one.right.value for one in found.bins],
        "o-",
        color=SYSTEM,
        markersize=6,
        linewidth=0.8,
    )
    axes.set_xlim(-2, 102)
    axes.set_ylim(-2, 102)
    axes.set_ylabel("right (%)")


def _sizes(axes: Axes, found: Calibration) -> None:
    from matplotlib.ticker import MaxNLocator

    middles = [50 * (one.low + one.high) for one in found.bins]
    widths = [92 * (one.high - one.low) for one in found.bins]
    axes.bar(middles, [one.n for one in found.bins], width=widths, color=SYSTEM)
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:,.0f}")
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.grid(visible=False, axis="x")
