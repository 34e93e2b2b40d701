"""Matrices as shaded cells: whom the router picks for what, and which experts fail together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eval.reports.figures.canvas import COOL, HEAT, INK, MUTED, draw, short
from eval.reports.figures.chart import Chart, Table
from eval.reports.schema import ErrorCorrelation, Report
from eval.reports.words import NONE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Matrix = Sequence[Sequence[float | None]]
_NUMBERED = 16
"""Columns up to which cells have their numbers."""
_ROW_INCHES = 0.32
_LEAST_SHADE = 0.3
"""Value that is shaded fully at the least, so that small differences do not look large."""
_COLUMN_NAME = 22


def picks_chart(report: Report) -> Chart | None:
    """Share of the router's picks by subject; None where nothing was routed."""
    found = report.picks
    if found is None or not found.rows:
        return None
    column = {name: j for j, name in enumerate(found.experts)}
    best = {(i, column[name]) for i, name in enumerate(found.best) if name in column}
    framed = " Framed: who was right most often on the subject in this run, which no router could know."
    table = _table("Share of picks (%)", "subject", found.rows, found.experts, found.share)
    return Chart(
        id="picks",
        title="Whom the router picks for what",
        svg=_heat_map(found.share, found.rows, found.experts, ("expert", "subject"), "picks", best),
        caption="Percent of the picks on a subject's questions that fall on an expert; a row sums to 100."
        + (framed if best else ""),
        table=Table(
            caption=table.caption,
            head=(*table.head, "right most often here"),
            rows=tuple((*row, name or NONE) for row, name in zip(table.rows, found.best, strict=True)),
        ),
    )


def correlation_charts(report: Report) -> list[Chart]:
    """Correlation of errors between experts, how often two wrong ones agree; [] where there are not two."""
    found = report.correlation
    if found is None:
        return []
    return [
        _pairs(
            found,
            found.phi,
            "correlation",
            "Which experts fail together",
            "Correlation (phi, times 100) of being wrong between two experts: 100 fails on the same "
            "questions, 0 independently, below 0 where the other does not. The lower, the more a vote "
            "repairs.",
            "Correlation of errors (phi, times 100)",
        ),
        _pairs(
            found,
            found.same_wrong,
            "same-mistake",
            "How often wrong experts agree",
            "Of the questions that both have wrong, the percentage with the same wrong answer. Mistakes that "
            "are shared outvote who is right.",
            "Same wrong answer, where both are wrong (%)",
        ),
    ]


def _pairs(found: ErrorCorrelation, values: Matrix, id: str, title: str, caption: str, name: str) -> Chart:
    """The diagonal, an expert and itself, says nothing and is left out."""
    others = [[None if i == j else v for j, v in enumerate(row)] for i, row in enumerate(values)]
    return Chart(
        id=id,
        title=title,
        svg=_heat_map(others, found.experts, found.experts, ("expert", "expert"), id),
        caption=caption,
        table=_table(name, "expert", found.experts, found.experts, others),
    )


def _heat_map(
    values: Matrix,
    rows: Sequence[str],
    columns: Sequence[str],
    axis_names: tuple[str, str],
    salt: str,
    framed: set[tuple[int, int]] | frozenset[tuple[int, int]] = frozenset(),
) -> str:
    most = max((abs(v) for row in values for v in row if v is not None), default=0.0)

    def paint(axes: Axes) -> None:
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                if value is not None:
                    _cell(axes, i, j, value, abs(value) / max(most, _LEAST_SHADE), len(columns))
        for i, j in sorted(framed):
            _square(axes, i, j, 0.94, facecolor="none", edgecolor=INK, linewidth=1.4)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(visible=False)
        names = [short(name, _COLUMN_NAME) for name in columns]
        axes.set_xticks(range(len(columns)), names, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(rows)), [short(name) for name in rows])
        axes.tick_params(length=0, labelsize=9)
        axes.spines[:].set_color(MUTED)
        axes.spines[:].set_visible(True)
        axes.set_xlabel(axis_names[0])
        axes.set_ylabel(axis_names[1])

    return draw(paint, salt=salt, height=1.7 + _ROW_INCHES * len(rows))


def _cell(axes: Axes, i: int, j: int, value: float, shade: float, columns: int) -> None:
    _square(axes, i, j, 1, facecolor=HEAT if value >= 0 else COOL, alpha=shade)
    if columns <= _NUMBERED:
        size = 9 if columns <= 10 else 7.5
        text = axes.text(
            j, i, f"{100 * value:.0f}", ha="center", va="center_baseline", fontsize=size, color=INK
        )
        text.set_in_layout(False)  # within its cell: measuring it would take longer than drawing it


def _square(axes: Axes, i: int, j: int, side: float, **style: object) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((j - side / 2, i - side / 2), side, side, **style))  # type: ignore[arg-type]


def _table(caption: str, first: str, rows: Sequence[str], columns: Sequence[str], values: Matrix) -> Table:
    return Table(
        caption=caption,
        head=(first, *columns),
        rows=tuple(
            (name, *(NONE if value is None else f"{100 * value:.0f}" for value in line))
            for name, line in zip(rows, values, strict=True)
        ),
    )
