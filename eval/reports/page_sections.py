"""Sections of the page, in the order in which a doubting reader asks. Computes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eval.reports import page_tables as tables
from eval.reports.figures.chart import Chart, Table
from eval.reports.figures.dots import experts_chart, standings_chart, subjects_chart
from eval.reports.figures.frontier import price_chart, token_chart
from eval.reports.figures.heat_maps import correlation_charts, picks_chart
from eval.reports.figures.reliability import reliability_charts
from eval.reports.page_text import spent
from eval.reports.schema import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with what stands under it: sentences, tables, figures."""

    name: str
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()

    @property
    def id(self) -> str:
        """Unique on the page."""
        return re.sub("[^a-z]+", "-", self.name.lower())


def sections(report: Report) -> list[Section]:
    """Those that have a table or a figure."""
    picks = report.picks
    found = (
        _section(
            "Accuracy",
            found=(
                tables.standings(report) if report.table else None,
                standings_chart(report) if report.table else None,
                tables.benchmark_scores(report),
                subjects_chart(report),
            ),
        ),
        _section("How questions ended", found=(tables.outcomes(report),)),
        _section("What it takes", note=spent(report), found=(token_chart(report), price_chart(report))),
        _section(
            "Who is asked",
            note=(picks.collapse or picks.remark or "") if picks is not None else "",
            found=(picks_chart(report),),
        ),
        _section("Experts", found=(tables.experts(report), experts_chart(report))),
        _section("Who errs together", found=tuple(correlation_charts(report))),
        _section("Probabilities", found=tuple(reliability_charts(report))),
    )
    return [section for section in found if section.tables or section.charts]


def _section(name: str, *, found: tuple[Table | Chart | None, ...], note: str = "") -> Section:
    return Section(
        name=name,
        notes=(note,) if note else (),
        tables=tuple(part for part in found if isinstance(part, Table)),
        charts=tuple(part for part in found if isinstance(part, Chart)),
    )
