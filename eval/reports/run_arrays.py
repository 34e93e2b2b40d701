"""The rows of a run as arrays: questions by experts. Knows no statistics and nothing of the system's answers.

The order of questions is that of the rows; no figure may depend on it. The order of experts is that of the
configuration, and of names that it does not have, of first appearance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.runs.manifest import Manifest
from eval.runs.row import QuestionRow
from experts.extraction import canonical
from experts.query import Query

Floats = NDArray[np.float64]
NOT_WRONG = -1

_OPEN = Query.from_text("?", id="open")
"""Canonical forms of letters are equal exactly where letters are, so one form serves all questions."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RunArrays:
    """n questions, m experts."""

    rows: tuple[QuestionRow, ...]
    experts: tuple[str, ...]
    score: Floats
    """(n, m) 1 = right, 0 = anything else, errors too, NaN = not run."""
    failed: NDArray[np.bool_]
    """(n, m) whether the expert was run and gave an error."""
    tokens: Floats
    """(n, m) completion tokens, NaN = not run."""
    cost_usd: Floats
    """(n, m), NaN = not run."""
    said: NDArray[np.int64]
    """(n, m) equal numbers are equal wrong answers; NOT_WRONG where the outcome is not "wrong"."""
    subjects: tuple[tuple[str, str], ...]
    """Benchmark and subject: benchmarks in the order of the manifest, subjects by name."""
    subject: NDArray[np.int64]
    """(n,) index into `subjects`."""

    @property
    def n(self) -> int:
        """Questions."""
        return len(self.rows)

    @property
    def priced(self) -> bool:
        """Whether anything of the run had a price; else costs of 0 say nothing."""
        return bool(np.nansum(self.cost_usd) > 0) or any(row.cost_usd > 0 for row in self.rows)

    @property
    def run_on_all(self) -> NDArray[np.bool_]:
        """(m,) whether an expert was run on every question."""
        every: NDArray[np.bool_] = np.all(~np.isnan(self.score), axis=0)
        return every

    def column(self, expert: str) -> int | None:
        """Of an expert; None where it was never run."""
        return self.experts.index(expert) if expert in self.experts else None


def run_arrays(rows: Sequence[QuestionRow], manifest: Manifest) -> RunArrays:
    """Read the rows once."""
    experts = _experts(rows, manifest.config)
    column = {name: j for j, name in enumerate(experts)}
    shape = (len(rows), len(experts))
    score, tokens, cost = (np.full(shape, np.nan) for _ in range(3))
    failed, said = np.zeros(shape, dtype=np.bool_), np.full(shape, NOT_WRONG, dtype=np.int64)
    numbers: dict[str, int] = {}
    for i, row in enumerate(rows):
        for found in row.experts:
            j = column[found.expert]
            score[i, j] = found.outcome == "right"
            failed[i, j] = found.outcome == "error"
            tokens[i, j], cost[i, j] = found.completion_tokens, found.cost_usd
            if found.outcome == "wrong" and found.answer is not None:
                said[i, j] = numbers.setdefault(canonical(found.answer, _OPEN), len(numbers))
    subjects = _subjects(rows, manifest)
    place = {name: s for s, name in enumerate(subjects)}
    return RunArrays(
        rows=tuple(rows),
        experts=experts,
        score=score,
        failed=failed,
        tokens=tokens,
        cost_usd=cost,
        said=said,
        subjects=subjects,
        subject=np.array([place[row.benchmark, row.subject] for row in rows], dtype=np.int64),
    )


def _experts(rows: Sequence[QuestionRow], config: Mapping[str, Any]) -> tuple[str, ...]:
    """Those that were run on anything."""
    run = dict.fromkeys(found.expert for row in rows for found in row.experts)
    known = [name for name in config.get("experts") or {} if name in run]
    return tuple(dict.fromkeys([*known, *run]))


def _subjects(rows: Sequence[QuestionRow], manifest: Manifest) -> tuple[tuple[str, str], ...]:
    order = {entry.name: i for i, entry in enumerate(manifest.benchmarks)}
    found = {(row.benchmark, row.subject) for row in rows}
    return tuple(sorted(found, key=lambda s: (order.get(s[0], len(order)), s)))
