"""What a report says in sentences: findings beside the tables, and how the run went. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.reports.schema import Report
from eval.reports.words import percent, with_interval

_ABSENT = {"fixed_top_k": "vote of the k best", "aggregator_alone": "aggregator model alone"}


def finding_lines(report: Report) -> list[str]:
    """The gap that is closed, calibration, a collapse of the router, rows that are absent."""
    lines = []
    if report.gap_closed is not None:
        lines.append(f"Gap from best single to oracle closed: {with_interval(report.gap_closed)}%.")
    for found in report.calibration:
        whose = "support of answers" if found.what == "system" else "the router's estimates"
        skill = "" if found.brier_skill is None else f", Brier skill {found.brier_skill:+.3f}"
        lines.append(f"Calibration of {whose}: error {percent(found.ece)} points{skill}.")
    if report.picks is not None and report.picks.collapse is not None:
        lines.append(f"WARNING: {report.picks.collapse}")
    if report.picks is not None and report.picks.remark is not None:
        lines.append(report.picks.remark)
    reasons: dict[str, list[str]] = {}
    for row, reason in report.absent.items():
        reasons.setdefault(reason.rstrip("."), []).append(_ABSENT.get(row, row.replace("_", " ")))
    return lines + [f"No row for {', '.join(rows)}: {reason}." for reason, rows in reasons.items()]


def course_lines(report: Report) -> list[str]:
    """Tokens, seconds by stage, switches by kind, planned against actual, what broke."""
    course = report.course
    lines = []
    if report.outcomes is not None:
        tokens = f"{report.tokens['prompt']:,} in, {report.tokens['completion']:,} out"
        lines.append(
            f"tokens of the system: {tokens}" + (f"; ${report.cost_usd:.4f}" if report.cost_usd else "")
        )
    if course.seconds:
        lines.append(f"seconds: {_listed(course.seconds)}")
    if course.simulated:
        lines.append(f"simulated seconds, of no real machine: {_listed(course.simulated_seconds)}")
    if any(course.switches.values()):
        kinds = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in course.switches.items())
        lines.append(f"experts made resident{' (simulated)' if course.simulated else ''}: {kinds}")
    lines += _planned({row["what"]: row for row in course.planned})
    if course.from_store:
        lines.append(f"{course.from_store:,} completions were there from before")
    if course.continued:
        lines.append(f"continued after {course.continued} interruption{'s' if course.continued > 1 else ''}")
    return lines + [f"{fault['kind']}: {fault['detail']}" for fault in course.faults]


def _planned(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Only of a plan that takes time."""
    if not rows.get("seconds", {}).get("planned"):
        return []
    lines = []
    for what, row in rows.items():
        planned, actual = row["planned"], row["actual"]
        if what == "completion tokens":
            lines.append(f"planned {planned:,.0f} tokens out; actual {actual:,.0f}")
        elif what.startswith("seconds"):
            lines.append(f"planned for a cold start, {what}: {planned:.1f}; actual {actual:.1f}")
    return lines


def _listed(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{stage} {value:.1f}" for stage, value in seconds.items())
