"""Which experts fail together, over the questions that both were run on. Draws nothing.

Votes gain from experts whose errors differ. A question is failed where the outcome is not right; the same
mistake can only be made by two that gave readable answers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eval.reports.run_arrays import NOT_WRONG, Floats, RunArrays
from eval.reports.schema import ErrorCorrelation


def error_correlation(arrays: RunArrays) -> ErrorCorrelation | None:
    """Of all pairs of experts; None where there is no pair."""
    if len(arrays.experts) < 2:
        return None
    return ErrorCorrelation(
        experts=arrays.experts, phi=_nested(_phi(arrays.score)), same_wrong=_nested(_same_wrong(arrays.said))
    )


def _phi(score: Floats) -> Floats:
    """(m, m) Pearson's correlation of two indicators of "is not right" (phi), NaN where one is constant."""
    run = (~np.isnan(score)).astype(np.float64)
    wrong = np.where(score == 0.0, 1.0, 0.0)
    both, mine = run.T @ run, wrong.T @ run
    together = wrong.T @ wrong
    spread = both * mine - mine**2
    scale = spread * spread.T
    found = np.full(scale.shape, np.nan)
    np.divide(both * together - mine * mine.T, np.sqrt(scale), out=found, where=scale > 0)
    return np.clip(found, -1.0, 1.0)


def _same_wrong(said: NDArray[np.int64]) -> Floats:
    """(m, m) where both gave a wrong answer, how often the same; NaN where they never did."""
    m = said.shape[1]
    found = np.full((m, m), np.nan)
    for j in range(m):
        both = (said != NOT_WRONG) & (said[:, [j]] != NOT_WRONG)
        same = both & (said == said[:, [j]])
        np.divide(same.sum(axis=0), both.sum(axis=0), out=found[j], where=both.any(axis=0))
    return found


def _nested(matrix: Floats) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(None if np.isnan(v) else float(v) for v in row) for row in matrix)
