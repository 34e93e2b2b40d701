"""How the run went: the only part of the page in which two equal runs may differ. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.reports.figures.chart import Table
from eval.reports.words import NONE
from eval.runs.course import Course

_SIMULATED = (
    "Simulated seconds and switches are those of a simulated machine: no real one took them. Wall seconds "
    "are what this run took."
)


def course_tables(course: Course) -> list[Table]:
    """Seconds by stage, switches by kind, planned against actual; those without a row are left out."""
    found = (_seconds(course), _switches(course), _planned(course))
    return [table for table in found if table.rows]


def course_lines(course: Course) -> list[str]:
    """What else happened."""
    lines = [_SIMULATED] if course.simulated else []
    if course.from_store:
        lines.append(
            f"{course.from_store:,} completions were there from before and were not asked for again."
        )
    if course.continued:
        times = "once" if course.continued == 1 else f"{course.continued} times"
        lines.append(f"The run was interrupted {times}; seconds and switches are those of its last part.")
    return lines + [f"{fault.get('kind', 'fault')}: {fault.get('detail', '')}" for fault in course.faults]


def _seconds(course: Course) -> Table:
    stages = [*course.seconds, *(s for s in course.simulated_seconds if s not in course.seconds)]
    stages = sorted(stages, key=lambda stage: stage == "total")
    columns: dict[str, Mapping[str, float]] = {"wall seconds": course.seconds}
    if course.simulated_seconds:
        columns["simulated seconds"] = course.simulated_seconds
    return Table(
        caption="Time by stage",
        head=("stage", *columns),
        rows=tuple(
            (stage, *(_number(seconds.get(stage), 1) for seconds in columns.values())) for stage in stages
        ),
    )


def _switches(course: Course) -> Table:
    note = "Simulated." if course.simulated else ""
    return Table(
        caption="Experts made resident",
        head=("how", "times"),
        rows=tuple((kind.replace("_", " "), f"{count:,}") for kind, count in course.switches.items()),
        note=note if course.switches else "",
    )


def _planned(course: Course) -> Table:
    return Table(
        caption="Planned for a cold start, and what it was",
        head=("what", "planned", "actual", "actual / planned"),
        rows=tuple(
            (str(row["what"]), _number(row["planned"]), _number(row["actual"]), _ratio(row))
            for row in course.planned
        ),
    )


def _ratio(row: Mapping[str, Any]) -> str:
    return f"{row['actual'] / row['planned']:.2f}" if row["planned"] else NONE


def _number(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return NONE
    if digits is None:
        digits = 0 if float(value).is_integer() else 1
    return f"{value:,.{digits}f}"
