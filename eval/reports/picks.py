"""Whom the router picks for what: shares of its picks by subject, beside who is best there. Draws nothing."""

from __future__ import annotations

import numpy as np

from eval.reports.collapse import judge
from eval.reports.run_arrays import RunArrays
from eval.reports.schema import Picks


def picks(arrays: RunArrays, pool: tuple[str, ...]) -> Picks | None:
    """Count every expert that was chosen, not only the first.

    Args:
        arrays: of the run.
        pool: names of all experts that could be chosen, in order; others that were chosen come after them.

    Returns:
        None where nothing was routed. Subjects whose questions were all left without a choice have no row.
    """
    chosen = [name for row in arrays.rows for name in row.chosen]
    if not chosen:
        return None
    experts = tuple(dict.fromkeys([*pool, *arrays.experts, *sorted({*chosen})]))
    column = {name: j for j, name in enumerate(experts)}
    counts = np.zeros((len(arrays.subjects), len(experts)), dtype=np.int64)
    for row, s in zip(arrays.rows, arrays.subject, strict=True):
        for name in row.chosen:
            counts[s, column[name]] += 1
    routed = np.flatnonzero(counts.sum(axis=1) > 0)
    share = counts[routed] / counts[routed].sum(axis=1, keepdims=True)
    several = len({benchmark for benchmark, _ in arrays.subjects}) > 1
    found = judge(arrays)
    return Picks(
        rows=tuple(
            f"{benchmark}: {subject}" if several else subject
            for benchmark, subject in (arrays.subjects[s] for s in routed)
        ),
        experts=experts,
        share=tuple(tuple(map(float, row)) for row in share),
        best=tuple(_best(arrays, s) for s in routed.tolist()),
        collapse=found.collapse,
        remark=found.remark,
    )


def _best(arrays: RunArrays, subject: int) -> str | None:
    """The first of the most accurate; None where an expert was not run on all of the subject's questions."""
    here = arrays.score[arrays.subject == subject]
    if not arrays.experts or np.isnan(here).any():
        return None
    return arrays.experts[int(here.sum(axis=0).argmax())]
