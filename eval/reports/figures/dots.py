"""Dots with 95% intervals: the main table, subjects, experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from eval.reports.figures.canvas import INK, MUTED, OTHER, SYSTEM, draw, short
from eval.reports.figures.chart import Chart, Table
from eval.reports.schema import Report, Value
from eval.reports.words import with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 5.6
_ROW_INCHES = 0.33
_BESIDE_INCHES = 0.9
_APART = 0.17


def standings_chart(report: Report) -> Chart:
    """Accuracy of every row of the main table."""
    rows = report.table

    def paint(axes: Axes) -> None:
        for place, row in enumerate(rows):
            colour = SYSTEM if row.name == "system" else MUTED if row.name == "oracle" else OTHER
            _dot(axes, place, row.accuracy, colour, "o" if row.name == "system" else "D")
        if rows[0].name == "system":
            axes.axvline(100 * rows[0].accuracy.value, color=SYSTEM, linestyle=":", linewidth=1)
        _names(axes, [short(row.label) for row in rows])
        axes.set_xlabel("accuracy (% of all questions), 95% interval")
        axes.set_ylabel("who answers")

    beats = report.outcomes is not None
    more = (
        " Intervals that overlap do not mean that two rows are equal: the paired differences in the table "
        "above decide."
    )
    return Chart(
        id="standings",
        title="Accuracy of the system and of what it must beat" if beats else "Accuracy within the pool",
        svg=draw(paint, salt="standings", width=_WIDTH, height=_BESIDE_INCHES + _ROW_INCHES * len(rows)),
        caption="Each dot is the share of all questions that is right, the bar its 95% interval (Wilson)."
        + (more if beats else ""),
        table=Table(
            caption="Accuracy of every row",
            head=("who answers", "accuracy (%), 95% interval"),
            rows=tuple((row.label, with_interval(row.accuracy)) for row in rows),
        ),
    )


def subjects_chart(report: Report) -> Chart | None:
    """The system beside the best single expert by subject; None where neither is known."""
    several = len(report.benchmarks) > 1
    found = [
        _Pair(
            f"{row.benchmark}: {row.subject}" if several else row.subject, row.n, row.system, row.best_single
        )
        for row in report.subjects
    ]
    if all(pair.first is None and pair.second is None for pair in found):
        return None
    return Chart(
        id="subjects",
        title="Accuracy by subject",
        svg=_paired(found, ("system", f"best single expert, {short(str(report.best_single))}"), "subject"),
        caption="Round: the system. Diamond: the best single expert, chosen on other questions. Subjects "
        "with few questions have wide intervals; of many subjects, some differ by chance alone.",
        table=_table("Accuracy by subject (%), 95% intervals", found, ("subject", "system", "best single")),
    )


def experts_chart(report: Report) -> Chart | None:
    """Every expert, by our extraction and by the benchmark's own; None without one that answered."""
    found = [_Pair(expert.name, expert.n, expert.accuracy, expert.official) for expert in report.experts]
    if all(pair.first is None for pair in found):
        return None
    official = any(pair.second is not None for pair in found)
    return Chart(
        id="experts",
        title="Accuracy of every expert",
        svg=_paired(found, ("answers found by compound", "by the benchmark's own extraction"), "expert"),
        caption="Each expert alone, on the questions that it was run on."
        + (
            " Where round and diamond lie apart, what is found in an output decides, not who is right."
            * official
        ),
        table=_table(
            "Accuracy of every expert (%), 95% intervals", found, ("expert", "ours", "benchmark's extraction")
        ),
    )


class _Pair(NamedTuple):
    name: str
    n: int
    first: Value | None
    second: Value | None


def _paired(pairs: Sequence[_Pair], labels: tuple[str, str], what: str) -> str:
    """Two dots a row, or one where nothing has a second."""
    apart = _APART if any(pair.second for pair in pairs) and any(pair.first for pair in pairs) else 0.0

    def paint(axes: Axes) -> None:
        for place, pair in enumerate(pairs):
            if pair.first is not None:
                _dot(axes, place - apart, pair.first, SYSTEM, "o")
            if pair.second is not None:
                _dot(axes, place + apart, pair.second, OTHER, "D")
        _names(axes, [f"{short(pair.name)} ({pair.n:,})" for pair in pairs])
        axes.set_xlabel("accuracy (%), 95% interval")
        axes.set_ylabel(f"{what} (questions)")
        if apart:
            axes.plot([], [], "o", color=SYSTEM, label=labels[0])
            axes.plot([], [], "D", color=OTHER, label=labels[1])
            axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)

    row = _ROW_INCHES * (1.2 if apart else 1.0)
    return draw(paint, salt=what, width=_WIDTH, height=_BESIDE_INCHES + 0.4 + row * len(pairs))


def _table(caption: str, pairs: Sequence[_Pair], head: tuple[str, str, str]) -> Table:
    what, first, second = head
    return Table(
        caption=caption,
        head=(what, "questions", first, second),
        rows=tuple(
            (pair.name, f"{pair.n:,}", with_interval(pair.first), with_interval(pair.second))
            for pair in pairs
        ),
    )


def _dot(axes: Axes, place: float, value: Value, colour: str, marker: str) -> None:
    middle, low, high = (100 * v for v in (value.value, value.low, value.high))
    axes.plot([low, high], [place, place], color=colour, solid_capstyle="butt")
    axes.plot([middle], [place], marker, color=colour, markersize=6.5)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
