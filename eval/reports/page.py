"""The page of a report: one HTML file that needs nothing from elsewhere.

Everything that may differ between two equal runs stands between `<!-- course -->` and `<!-- /course -->`.
What is said stands in `page_text`, `page_tables` and `page_course`, the layout in `page.html.j2`. Computes no
figure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from eval.reports import page_course, page_text
from eval.reports import page_tables as tables
from eval.reports.missed import missed
from eval.reports.page_sections import sections
from eval.reports.schema import Report
from eval.runs.row import QuestionRow
from eval.runs.whole_file import write_whole

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent


def write_page(report: Report, rows: Sequence[QuestionRow], path: Path) -> None:
    """Write the page.

    Args:
        report: of the run.
        rows: of the same run.
        path: of the file.

    Raises:
        BenchmarkError: it cannot be written there; what was there stays.
    """
    write_whole(path, [report_page(report, rows)])


def report_page(report: Report, rows: Sequence[QuestionRow]) -> str:
    """The page as text; the same for the same report and rows, the course aside.

    Names, ids and answers go in escaped, whatever they contain. Of private questions it has ids only.
    """
    manifest = report.manifest.model_dump(mode="json")
    return _template().render(
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        title=page_text.title(report),
        tiles=page_text.tiles(report),
        headline=page_text.headline(report),
        what_ran=page_text.what_ran(report),
        played_back=page_text.played_back(report),
        collapse=report.picks.collapse if report.picks is not None else None,
        sections=sections(report),
        missed=missed(rows),
        course_lines=page_course.course_lines(report.course),
        course_tables=page_course.course_tables(report.course),
        questions=tables.questions(report),
        versions=tables.versions(report),
        configuration=json.dumps(manifest["config"], indent=2, ensure_ascii=False),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
