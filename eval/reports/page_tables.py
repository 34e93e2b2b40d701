"""Tables of the page that belong to no figure. Computes nothing."""

from __future__ import annotations

from eval.reports.figures.chart import Table
from eval.reports.figures.frontier import dollars
from eval.reports.schema import Report
from eval.reports.words import NONE, amount, interval, percent, signed, with_interval

_SHOWN_HASH = 16


def standings(report: Report) -> Table:
    """The main table."""
    priced = any(row.cost_usd is not None for row in report.table)
    compared = report.outcomes is not None
    head = ["who answers", "right (%)", "95% interval"]
    head += ["system minus it, paired (points)"] if compared else []
    head += ["calls a question", "completion tokens a question"]
    head += ["dollars per 1,000 questions"] if priced else []
    rows = []
    for row in report.table:
        cells = [row.label, percent(row.accuracy), interval(row.accuracy)]
        cells += [signed(row.system_minus)] if compared else []
        cells += [amount(row.calls), amount(row.tokens)]
        cells += [NONE if row.cost_usd is None else dollars(1000 * row.cost_usd)] if priced else []
        rows.append(tuple(cells))
    strong = frozenset(i for i, row in enumerate(report.table) if row.name == "system")
    absent = [f"{name.replace('_', ' ')} ({reason.rstrip('.')})" for name, reason in report.absent.items()]
    return Table(
        caption="The system and what it must beat, on the same questions" if compared else "Within the pool",
        head=tuple(head),
        rows=tuple(rows),
        note=f"Not here: {'; '.join(absent)}." if absent else "",
        strong=strong,
    )


def outcomes(report: Report) -> Table | None:
    """How the system's questions ended, accuracy with and without those unanswered; None without a system."""
    found = report.outcomes
    if found is None:
        return None
    counts = {
        "right": found.right,
        "wrong": found.wrong,
        "no answer found (unparsed)": found.unparsed,
        "withheld (abstained)": found.abstained,
        "failed (error)": found.error,
        "with a completion that was cut off, beside the others": found.truncated,
    }
    rows = [(name, f"{count:,}", percent(count / report.n)) for name, count in counts.items()]
    rows += [
        ("accuracy of all", "", with_interval(found.accuracy)),
        ("accuracy of the answered (right or wrong)", "", with_interval(found.accuracy_of_answered)),
        ("accuracy of those without a cut-off", "", with_interval(found.accuracy_of_uncut)),
    ]
    return Table(caption="Outcomes of the system", head=("outcome", "questions", "%"), rows=tuple(rows))


def experts(report: Report) -> Table | None:
    """The pool; None without one."""
    if not report.experts:
        return None
    official = any(expert.official is not None for expert in report.experts)
    asked = any(expert.asked_share is not None for expert in report.experts)
    rows = []
    for expert in report.experts:
        some = len(report.manifest.played_back) < len(report.experts)
        cells = [f"{expert.name} (played back)" if expert.played_back and some else expert.name]
        cells += [f"{expert.n:,}", percent(expert.accuracy), interval(expert.accuracy)]
        cells += [with_interval(expert.official)] if official else []
        cells += [percent(expert.asked_share)] if asked else []
        cells += [amount(expert.tokens)]
        cells += [f"{count:,}" for count in (expert.unparsed, expert.truncated, expert.errors)]
        rows.append(tuple(cells))
    own = ("official extraction (%)",) if official else ()
    share = ("share of the system's calls (%)",) if asked else ()
    return Table(
        caption="Every expert alone, on the questions that it was run on",
        head=(
            "expert",
            "questions",
            "right (%)",
            "95% interval",
            *own,
            *share,
            "completion tokens",
            "unparsed",
            "cut off",
            "failed",
        ),
        rows=tuple(rows),
    )


def benchmark_scores(report: Report) -> Table | None:
    """The system by benchmark; None of a single one."""
    if len(report.benchmarks) < 2:
        return None
    return Table(
        caption="Accuracy by benchmark (%), 95% intervals",
        head=("benchmark", "questions", "system", "best single"),
        rows=tuple(
            (
                f"{b.name} version {b.version}, {b.split}",
                f"{b.n:,}",
                with_interval(b.system),
                with_interval(b.best_single),
            )
            for b in report.benchmarks
        ),
    )


def questions(report: Report) -> Table:
    """What was asked."""
    manifest = report.manifest
    uses = [("reported", b) for b in manifest.benchmarks] + [("chosen on", b) for b in manifest.validation]
    return Table(
        caption="Questions",
        head=(
            "benchmark",
            "version",
            "split",
            "for",
            "questions",
            "worked examples",
            "own extraction",
            "files",
        ),
        rows=tuple(
            (
                b.name,
                b.version,
                b.split,
                use,
                f"{b.n:,}",
                str(b.shots),
                b.extraction or NONE,
                f"sha256 {b.sha256[:_SHOWN_HASH]}" if b.sha256 else "made by a program",
            )
            for use, b in uses
        ),
        note="Reported: what this page is about. Chosen on: where the best single expert was chosen."
        if manifest.validation
        else "",
        words=True,
    )


def versions(report: Report) -> Table:
    """What figures depend on: packages, weights and recordings, fitted files."""
    manifest = report.manifest
    rows = [(name, version) for name, version in manifest.versions.items()]
    rows += [(f"expert {name}", identity) for name, identity in manifest.identities.items()]
    rows += [(name, digest) for name, digest in manifest.files.items()]
    return Table(caption="Versions and checksums", head=("of", "is"), rows=tuple(rows), words=True)
