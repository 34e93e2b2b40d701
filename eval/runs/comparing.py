"""Two runs question by question: paired differences, questions that flipped, what was set differently.

Differences are second minus first. Errors count as wrong, as in reports. Knows no text of a question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.metrics import paired_difference
from eval.runs.manifest import BenchmarkEntry, Manifest
from eval.runs.row import QuestionRow
from eval.runs.setting_changes import setting_changes
from experts.errors import BenchmarkError

_SEED = 7
Pair = tuple[QuestionRow, QuestionRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A mean of both runs on the same questions."""

    what: str
    """"system", or the name of a benchmark, a subject or an expert."""
    n: int
    """Questions."""
    first: float
    """Share of right answers in [0, 1]; of tokens, completion tokens a question."""
    second: float
    low: float
    """95% interval of second - first, paired bootstrap over questions."""
    high: float

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that differs between two runs."""

    n: int
    """Questions in both."""
    only_first: int
    """Questions that the second lacks."""
    only_second: int
    system: Change | None
    """None: a run of experts only."""
    tokens: Change | None
    """Completion tokens of the system; None: a run of experts only."""
    benchmarks: tuple[Change, ...]
    """Of the system; () for a run of experts only, as `subjects`."""
    subjects: tuple[Change, ...]
    """Of the system; named "benchmark: subject" where there are several benchmarks."""
    experts: tuple[Change, ...]
    """On the questions that both runs asked them."""
    gained: tuple[str, ...]
    """Ids of questions that only the second run's system has right, in the order of the first run."""
    lost: tuple[str, ...]
    """Ids of questions that only the first run's system has right."""
    settings: tuple[tuple[str, Any, Any], ...]
    """Dotted name of what decides figures, its value in the first run and in the second."""


def compare_runs(
    first: tuple[Manifest, Sequence[QuestionRow]],
    second: tuple[Manifest, Sequence[QuestionRow]],
    *,
    common: bool = False,
) -> Comparison:
    """Compare; runs must be of the same questions.

    Args:
        first: manifest and rows.
        second: those of the other run.
        common: compare the questions that are in both, where others are in one only.

    Raises:
        BenchmarkError: the runs are not of the same questions, or a benchmark's version or files, or a gold
            answer, differ; says which.
    """
    _check_versions(first[0], second[0])
    theirs = {row.id: row for row in second[1]}
    pairs = [(row, theirs[row.id]) for row in first[1] if row.id in theirs]
    only_first, only_second = len(first[1]) - len(pairs), len(second[1]) - len(pairs)
    _check_questions(pairs, only_first, only_second, common)
    whole = all(a.outcome is not None and b.outcome is not None for a, b in pairs)
    several = len({a.benchmark for a, _ in pairs}) > 1
    return Comparison(
        n=len(pairs),
        only_first=only_first,
        only_second=only_second,
        system=_change("system", pairs, _right) if whole else None,
        tokens=_change("tokens", pairs, lambda row: float(row.completion_tokens)) if whole else None,
        benchmarks=_changes(pairs, lambda row: row.benchmark) if whole else (),
        subjects=_changes(pairs, lambda row: f"{row.benchmark}: {row.subject}" if several else row.subject)
        if whole
        else (),
        experts=_expert_changes(pairs),
        gained=tuple(a.id for a, b in pairs if _right(b) > _right(a)) if whole else (),
        lost=tuple(a.id for a, b in pairs if _right(a) > _right(b)) if whole else (),
        settings=setting_changes(first[0], second[0]),
    )


def _check_versions(first: Manifest, second: Manifest) -> None:
    theirs = {entry.name: entry for entry in second.benchmarks}
    for entry in first.benchmarks:
        other = theirs.get(entry.name)
        if other is not None and entry.version != other.version:
            raise BenchmarkError(
                f"{entry.name} has version {entry.version} in the first run and {other.version} in the "
                "second, so questions or scoring differ; run the older one again."
            )
        if other is not None and _other_files(entry, other):
            raise BenchmarkError(
                f"The files of {entry.name} are not the same in both runs (sha256 {entry.sha256[:12]}... and "
                f"{other.sha256[:12]}...); run one of them again."
            )


def _other_files(a: BenchmarkEntry, b: BenchmarkEntry) -> bool:
    return bool(a.split == b.split and a.sha256 and b.sha256 and a.sha256 != b.sha256)


def _check_questions(pairs: Sequence[Pair], only_first: int, only_second: int, common: bool) -> None:
    if not pairs:
        raise BenchmarkError("The runs have no question in common; give two runs of one benchmark and split.")
    if (only_first or only_second) and not common:
        raise BenchmarkError(
            f"The runs are not of the same questions ({only_first} are in the first only, {only_second} in "
            f"the second only, {len(pairs)} in both); give --common to compare those in both."
        )
    odd = [a.id for a, b in pairs if (a.gold, a.permutation) != (b.gold, b.permutation)]
    if odd:
        raise BenchmarkError(
            f"{len(odd)} questions have another gold answer or order of options in the second run, such as "
            f"{odd[0]!r}; run one of them again."
        )


def _right(row: QuestionRow) -> float:
    return float(row.outcome == "right")


def _changes(pairs: Sequence[Pair], name: Callable[[QuestionRow], str]) -> tuple[Change, ...]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(name(pair[0]), []).append(pair)
    return tuple(_change(what, group, _right) for what, group in groups.items())


def _expert_changes(pairs: Sequence[Pair]) -> tuple[Change, ...]:
    """Of the experts that both runs have, in the order of the first."""
    found: dict[str, list[tuple[float, float]]] = {}
    for a, b in pairs:
        theirs = {expert.expert: float(expert.outcome == "right") for expert in b.experts}
        for expert in a.experts:
            if expert.expert in theirs:
                values = (float(expert.outcome == "right"), theirs[expert.expert])
                found.setdefault(expert.expert, []).append(values)
    return tuple(_measured(name, values) for name, values in found.items())


def _change(what: str, pairs: Sequence[Pair], value: Callable[[QuestionRow], float]) -> Change:
    return _measured(what, [(value(a), value(b)) for a, b in pairs])


def _measured(what: str, values: Sequence[tuple[float, float]]) -> Change:
    first, second = np.array(values, dtype=np.float64).T
    # A generator of its own each, so that a figure does not depend on which others are computed.
    found = paired_difference(second, first, rng=np.random.default_rng(_SEED))
    return Change(
        what=what,
        n=len(values),
        first=math.fsum(first) / len(values),
        second=math.fsum(second) / len(values),
        low=found.low,
        high=found.high,
    )
