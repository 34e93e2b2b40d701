"""A report: made from the rows of a run, written and read back.

Pure where it is made: equal rows, manifest and course give equal reports, to the last digit. Everything that
two equal runs may differ in is in the course. Draws nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from eval.reports.calibration import calibrations
from eval.reports.correlation import error_correlation
from eval.reports.expert_scores import expert_scores
from eval.reports.frontier import frontier
from eval.reports.outcome_counts import outcome_counts
from eval.reports.picks import picks
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import FORMAT, Report
from eval.reports.standings import standings, table_scores
from eval.reports.subjects import benchmark_scores, subject_scores
from eval.runs.course import Course
from eval.runs.manifest import Manifest
from eval.runs.row import QuestionRow
from eval.runs.whole_file import write_whole
from experts.errors import BenchmarkError

_NOTHING: Mapping[str, tuple[float, float, float]] = MappingProxyType({})


def build_report(
    rows: Sequence[QuestionRow],
    manifest: Manifest,
    course: Course,
    *,
    best_single: str | None,
    absent: Mapping[str, str],
    costs: Mapping[str, tuple[float, float, float]] = _NOTHING,
) -> Report:
    """Compute every figure of a report.

    Args:
        rows: of the run, at least one; their order matters to no figure.
        manifest: what was run.
        course: how it went; copied.
        best_single: the expert that was chosen on other questions; None: there is none.
        absent: row of the table that could not be computed -> why, in one sentence.
        costs: row of the table -> mean calls, completion tokens and dollars per question, of rows that ask
            others than the system and the pool were asked.

    Raises:
        BenchmarkError: no rows.
    """
    if not rows:
        raise BenchmarkError("A report needs at least one question, got none; run `compound eval` first.")
    arrays = run_arrays(rows, manifest)
    scores = table_scores(arrays, best_single)
    stood = standings(arrays, scores, best_single=best_single, absent=absent, costs=costs)
    return Report(
        n=arrays.n,
        benchmarks=benchmark_scores(arrays, manifest, scores),
        table=stood.table,
        absent=stood.absent,
        best_single=best_single,
        gap_closed=stood.gap_closed,
        subjects=subject_scores(arrays, scores),
        experts=expert_scores(arrays, manifest),
        outcomes=outcome_counts(rows),
        calibration=calibrations(arrays),
        picks=picks(arrays, tuple(manifest.config.get("experts") or ())),
        correlation=error_correlation(arrays),
        frontier=frontier(arrays, stood.table, best_single),
        tokens={
            "prompt": sum(row.prompt_tokens for row in rows),
            "completion": sum(row.completion_tokens for row in rows),
        },
        cost_usd=math.fsum(row.cost_usd for row in rows),
        manifest=manifest,
        course=course,
    )


def write_report(report: Report, path: Path) -> None:
    """Write as strict JSON, by way of a temporary file.

    Raises:
        BenchmarkError: it cannot be written there, such as on a full disk; what was there stays.
        ValueError: a figure is not a number; nothing is written.
    """
    text = json.dumps(report.model_dump(), indent=2, allow_nan=False) + "\n"
    write_whole(path, [text])


def read_report(path: Path) -> Report:
    """Read what `write_report` wrote.

    Raises:
        BenchmarkError: no such file, or no report of this format.
    """
    try:
        report = Report.model_validate_json(path.read_text(encoding="utf-8"))
        if report.format != FORMAT:
            raise ValueError(f"format {report.format}, not {FORMAT}")
        return report
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise BenchmarkError(
            f"{path} is not the report of a run ({reason}); give one made by `compound eval`, "
            "or make it again with the same command."
        ) from error
