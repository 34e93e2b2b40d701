"""What the page says in sentences: what it is of, what came out, and what to beware of. Computes nothing.

Says nothing of what may differ between two equal runs.
"""

from __future__ import annotations

from eval.reports.schema import Report, Value
from eval.reports.words import interval, percent, signed, with_interval

_TOO_FEW = 100
"""Questions below which the page warns of wide intervals."""


def title(report: Report) -> str:
    """Such as "mmlu_pro version 1, test: 2,418 questions"."""
    parts = [f"{b.name} version {b.version}, {b.split}: {_questions(b.n)}" for b in report.benchmarks]
    return "; ".join(parts)


def tiles(report: Report) -> list[tuple[str, str, str]]:
    """What it is, the figure, how sure; [] where no system ran."""
    rows = {row.name: row for row in report.table}
    if "system" not in rows:
        return []
    found = [("system", f"{percent(rows['system'].accuracy)}%", interval(rows["system"].accuracy))]
    best = rows.get("best_single")
    if best is not None and best.system_minus is not None:
        low, high = (f"{100 * v:+.1f}" for v in (best.system_minus.low, best.system_minus.high))
        found += [
            (
                f"best single expert, {report.best_single}",
                f"{percent(best.accuracy)}%",
                interval(best.accuracy),
            ),
            ("paired difference in points", f"{100 * best.system_minus.value:+.1f}", f"{low} to {high}"),
        ]
    if report.gap_closed is not None:
        found.append(
            (
                "gap to the oracle closed",
                f"{percent(report.gap_closed)}%",
                interval(report.gap_closed),
            )
        )
    return found


def headline(report: Report) -> list[str]:
    """The result in sentences: against the best single expert, and against everything else."""
    rows = {row.name: row for row in report.table}
    system = rows.get("system")
    if system is None:
        return ["Only experts were run: there is no system in this report."]
    best = rows.get("best_single")
    if best is not None and best.system_minus is not None:
        lines = [
            f"The system is {verdict(best.system_minus)} the best single expert, {report.best_single}: "
            f"{percent(system.accuracy)}% of {_questions(report.n)} are right against "
            f"{percent(best.accuracy)}%, a paired difference of {signed(best.system_minus)} points."
        ]
    else:
        lines = [f"The system answers {with_interval(system.accuracy)}% of {_questions(report.n)} right."]
    beaten, equal, worse = _sorted(report)
    if equal:
        lines.append(f"No different from it, as far as this run can tell: {'; '.join(equal)}.")
    if worse:
        lines.append(f"Better than the system: {'; '.join(worse)}.")
    if beaten and not equal and not worse:
        lines.append("It is better than every row that it must beat; all intervals are above zero.")
    if report.n < _TOO_FEW:
        lines.append(
            f"{_questions(report.n)} are few: differences of some points cannot be told from chance."
        )
    return lines


def verdict(difference: Value) -> str:
    """In words, of a paired difference to the system's favour."""
    if difference.low > 0:
        return "better than"
    return "worse than" if difference.high < 0 else "no different, as far as this run can tell, from"


def what_ran(report: Report) -> list[str]:
    """The system in a sentence, what the best single expert was chosen on, what is private."""
    manifest = report.manifest
    lines = []
    if not manifest.experts_only:
        kinds = [
            f"{part} {kind}" for part in ("router", "policy", "aggregator") if (kind := _kind(report, part))
        ]
        pool = f"{len(report.experts)} experts" if len(report.experts) != 1 else "one expert"
        at_most = f"k = {manifest.config['k']}" if "k" in manifest.config else ""
        lines.append(f"The system: {', '.join(part for part in (pool, *kinds, at_most) if part)}.")
    if report.best_single is not None and manifest.validation:
        on = "; ".join(f"{_questions(b.n)} of {b.name}, {b.split}" for b in manifest.validation)
        lines.append(f"The best single expert was chosen on other questions: {on}.")
    private = [b.name for b in manifest.benchmarks if b.private]
    if private:
        lines.append(f"Private, so that only ids of questions are shown: {', '.join(private)}.")
    return lines


def played_back(report: Report) -> str:
    """One warning where outputs were recorded earlier; "" where every model ran."""
    played, guessed = report.manifest.played_back, report.manifest.estimated_tokens
    if not played:
        return ""
    sentence = f"no model ran for {', '.join(played)}: their outputs were recorded earlier."
    if guessed:
        whose = "" if guessed == played else f" of {', '.join(guessed)}"
        sentence += f" Tokens{whose} are characters / 4, since none were recorded."
    return sentence


def spent(report: Report) -> str:
    """What the system took in all; "" where no system ran."""
    if report.outcomes is None:
        return ""
    price = f", ${report.cost_usd:,.4f}" if report.cost_usd else ""
    tokens = (
        f"{report.tokens['prompt']:,} prompt tokens and {report.tokens['completion']:,} completion tokens"
    )
    return f"The system took {tokens}{price} in all."


def _kind(report: Report, part: str) -> str:
    found = report.manifest.config.get(part)
    return str(found.get("kind", "")) if isinstance(found, dict) else ""


def _sorted(report: Report) -> tuple[list[str], list[str], list[str]]:
    """Labels of rows that must be beaten: beaten, undecided, better."""
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for row in report.table:
        if row.system_minus is None or row.name in ("oracle", "best_single"):
            continue
        place = 0 if row.system_minus.low > 0 else 2 if row.system_minus.high < 0 else 1
        found[place].append(row.label)
    return found


def _questions(n: int) -> str:
    return "1 question" if n == 1 else f"{n:,} questions"
