"""Accuracy against what it takes, tokens or dollars, with the Pareto line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from eval.reports.figures import labels
from eval.reports.figures.canvas import INK, MUTED, OTHER, SYSTEM, WIDTH, draw, short
from eval.reports.figures.chart import Chart, Table
from eval.reports.schema import FrontierPoint, Report
from eval.reports.words import amount, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOG_FROM = 12.0
"""Ratio of the largest to the least from which the axis is logarithmic."""
_GROUPS = {
    "system": ("system", "o", SYSTEM),
    "baseline": ("baseline", "D", OTHER),
    "expert": ("one expert", "s", MUTED),
}


class _Point(NamedTuple):
    point: FrontierPoint
    x: float
    on: bool
    """On the Pareto line."""
    group: str
    must: bool
    """Whether its name must be readable in the figure."""


def token_chart(report: Report) -> Chart | None:
    """Against completion tokens; None where nothing was counted."""
    points = [_of(report, p, p.tokens, p.on_token_frontier) for p in report.frontier]
    estimated = (
        " Tokens of played-back experts are characters / 4." if report.manifest.estimated_tokens else ""
    )
    head = "completion tokens per question"
    return _chart(points, "tokens", f"{head}, all calls", head, amount, estimated)


def price_chart(report: Report) -> Chart | None:
    """Against dollars; None without prices."""
    priced = [(p, p.cost_usd) for p in report.frontier if p.cost_usd is not None]
    points = [_of(report, p, 1000 * cost, bool(p.on_cost_frontier)) for p, cost in priced]
    return _chart(
        points, "price", "price of 1,000 questions (dollars)", "dollars per 1,000 questions", dollars, ""
    )


def dollars(value: float) -> str:
    """Such as "12.50", or of less than one dollar two figures that say something, "0.0012"."""
    return f"{value:,.2f}" if value >= 0.995 or value == 0 else f"{value:.2g}"


def _of(report: Report, point: FrontierPoint, x: float, on: bool) -> _Point:
    rows = {row.name for row in report.table} - {"best_single"}
    group = "system" if point.name == "system" else "baseline" if point.name in rows else "expert"
    return _Point(point, x, on, group, must=point.name in ("system", report.best_single))


def _chart(
    points: Sequence[_Point], what: str, axis: str, head: str, written: Callable[[float], str], more: str
) -> Chart | None:
    if not any(p.x > 0 for p in points):
        return None
    return Chart(
        id=what,
        title=f"Accuracy against {what}",
        svg=draw(lambda axes: _paint(axes, points, axis), salt=what, height=0.6 * WIDTH),
        caption="Up is better, left is cheaper. Filled: nothing else here is as good for as little (Pareto, "
        f"dashed line). Bars are 95% intervals. Names that would cover others are in the table only.{more}",
        table=Table(
            caption=f"Accuracy against {what}",
            head=("who answers", head, "accuracy (%), 95% interval", "on the Pareto line"),
            rows=tuple(
                (p.point.label, written(p.x), with_interval(p.point.accuracy), "yes" if p.on else "no")
                for p in points
            ),
        ),
    )


def _paint(axes: Axes, points: Sequence[_Point], axis: str) -> None:
    least, most = min(p.x for p in points), max(p.x for p in points)
    if 0 < _LOG_FROM * least < most:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(lambda value, place: "")
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:,.6g}")
    line = sorted((p.x, 100 * p.point.accuracy.value) for p in points if p.on)
    axes.step(*zip(*line, strict=True), where="post", color=MUTED, linewidth=1, linestyle="--")
    for group, (name, marker, colour) in _GROUPS.items():
        members = [p for p in points if p.group == group]
        if members:
            axes.plot([], [], marker, color=colour, label=name)
        for p in members:
            _dot(axes, p, marker, colour)
    axes.margins(x=0.12, y=0.1)
    axes.set_xlabel(axis)
    axes.set_ylabel("accuracy (% of all questions)")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    named = [
        labels.Label(short(p.point.label), p.x, 100 * p.point.accuracy.value, p.must)
        for p in sorted(points, key=lambda p: (not p.must, not p.on))
    ]
    ends = [(p.x, 100 * end) for p in points for end in (p.point.accuracy.low, p.point.accuracy.high)]
    labels.place(axes, named, [(n.x, n.y) for n in named] + ends, size=8.5, color=INK)


def _dot(axes: Axes, p: _Point, marker: str, colour: str) -> None:
    value, low, high = (
        100 * v for v in (p.point.accuracy.value, p.point.accuracy.low, p.point.accuracy.high)
    )
    above = 4 if p.group == "system" else 3
    axes.plot([p.x, p.x], [low, high], color=colour, linewidth=1, zorder=above)
    face = colour if p.on else "none"
    axes.plot([p.x], [value], marker, color=colour, markersize=6.5, markerfacecolor=face, zorder=above)
