"""A report as tables and sentences for a terminal of 80 columns or more. Computes nothing.

Accuracies are in percent with 95% intervals. Names go in as plain text, whatever they contain.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from eval.reports.schema import Report
from eval.reports.terminal_lines import course_lines, finding_lines
from eval.reports.words import amount, interval, percent, signed, with_interval


def report_tables(report: Report) -> list[RenderableType]:
    """Everything that is worth a look, in order; the rest is in report.json."""
    parts: list[RenderableType] = []
    if report.manifest.played_back:
        parts.append(_sentences([_played_back(report)]))
    if report.table:
        parts.append(_main(report))
    if any(row.cost_usd is not None for row in report.table):
        parts.append(_prices(report))
    parts.append(_sentences(finding_lines(report)))
    if len(report.benchmarks) > 1:
        parts.append(_benchmarks(report))
    if any(row.system is not None or row.best_single is not None for row in report.subjects):
        parts.append(_subjects(report))
    if report.experts:
        parts.append(_experts(report))
    if report.outcomes is not None:
        parts.append(_outcomes(report))
    parts.append(_sentences(course_lines(report)))
    return [part for part in parts if not (isinstance(part, Text) and not part.plain)]


def _table(title: str, *columns: str) -> Table:
    """The first column may fold; the others are numbers that are kept whole."""
    table = Table(
        title=Text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left", no_wrap=index > 0, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(cell) for cell in cells))


def _sentences(lines: Sequence[str]) -> Text:
    return Text("\n".join(lines))


def _played_back(report: Report) -> str:
    played, guessed = report.manifest.played_back, report.manifest.estimated_tokens
    whose = "all experts" if {*played} >= {e.name for e in report.experts} else ", ".join(played)
    sentence = f"PLAYED BACK, no model ran: outputs of {whose} were recorded earlier."
    if not guessed:
        return sentence
    return f"{sentence} Tokens are characters / 4 for {'them' if guessed == played else ', '.join(guessed)}."


def _main(report: Report) -> Table:
    parts = [f"{b.name} {b.version}, {b.split}" for b in report.benchmarks]
    title = f"{'; '.join(parts)}, {report.n} {'question' if report.n == 1 else 'questions'}"
    minus = () if report.outcomes is None else ("system minus it",)
    table = _table(title, "who answers", "%", "95%", *minus, "calls", "tokens")
    for row in report.table:
        compared = (signed(row.system_minus),) if minus else ()
        cells = (percent(row.accuracy), interval(row.accuracy), *compared)
        _add(table, row.label, *cells, amount(row.calls), amount(row.tokens))
    return table


def _prices(report: Report) -> Table:
    table = _table("Price", "who answers", "tokens", "$ per 1,000 questions")
    for row in report.table:
        if row.cost_usd is not None:
            _add(table, row.label, amount(row.tokens), f"{1000 * row.cost_usd:,.2f}")
    return table


def _benchmarks(report: Report) -> Table:
    table = _table("By benchmark", "benchmark", "n", "system", "best single")
    for row in report.benchmarks:
        name = f"{row.name} {row.version}, {row.split}"
        _add(table, name, f"{row.n:,}", with_interval(row.system), with_interval(row.best_single))
    return table


def _subjects(report: Report) -> Table:
    several = len(report.benchmarks) > 1
    table = _table("By subject", "subject", "n", "system", "best single")
    for row in report.subjects:
        name = f"{row.benchmark}: {row.subject}" if several else row.subject
        _add(table, name, f"{row.n:,}", with_interval(row.system), with_interval(row.best_single))
    return table


def _experts(report: Report) -> Table:
    official = any(expert.official is not None for expert in report.experts)
    asked = any(expert.asked_share is not None for expert in report.experts)
    own = ["official"] if official else []
    share = ["asked"] if asked else []
    heads = ["%", "95%", *own, *share, "tokens", "unp.", "cut", "err."]
    table = _table("Experts", "expert", *heads)
    for expert in report.experts:
        cells = [percent(expert.accuracy), interval(expert.accuracy)]
        cells += [percent(expert.official)] if official else []
        cells += [percent(expert.asked_share)] if asked else []
        failures = (f"{count:,}" for count in (expert.unparsed, expert.truncated, expert.errors))
        name = f"{expert.name}*" if expert.played_back else expert.name
        _add(table, name, *cells, amount(expert.tokens), *failures)
    notes = [
        "official: by the benchmark's own extraction;" if official else "",
        "asked: % of the system's calls;" if asked else "",
        "unp.: no answer found; cut: at the most tokens; err.: failed",
        "; *: played back, no model ran" if any(e.played_back for e in report.experts) else "",
    ]
    table.caption = Text(" ".join(note for note in notes if note).replace(" ;", ";"))
    table.caption_justify = "left"
    return table


def _outcomes(report: Report) -> Table:
    found = report.outcomes
    assert found is not None, "only of a system that ran"
    table = _table("How the system's questions ended", "outcome", "questions", "%")
    names = {
        "right": found.right,
        "wrong": found.wrong,
        "no answer found (unparsed)": found.unparsed,
        "withheld (abstained)": found.abstained,
        "failed (error)": found.error,
        "with a completion that was cut off": found.truncated,
    }
    for name, count in names.items():
        _add(table, name, f"{count:,}", percent(count / report.n))
    table.add_section()
    for name, value in (
        ("accuracy of all", found.accuracy),
        ("accuracy of the answered (right or wrong)", found.accuracy_of_answered),
        ("accuracy of those without a cut-off", found.accuracy_of_uncut),
    ):
        _add(table, name, "", with_interval(value))
    return table
