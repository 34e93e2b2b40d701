"""Differences in groups, drawn towards the difference over all groups: arrays in, numbers out.

Empirical Bayes in the normal model (Morris 1983, JASA 78): the difference in a group is taken as drawn
around that over all groups, with a variance between groups by moments (DerSimonian and Laird 1986).
Where groups differ no more than by chance, that variance is 0 and every group gets the common estimate,
so a small group cannot be chosen for by luck. Knows no aggregator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shrunk:
    """Differences of one option; all (g,) by group."""

    raw: Floats
    """Mean difference; NaN in an empty group."""
    raw_error: Floats
    """Its standard error; NaN in an empty group."""
    mean: Floats
    """The shrunken difference."""
    error: Floats
    """Its standard error."""


def shrink(differences: Floats, labels: NDArray[np.int64], groups: int) -> Shrunk:
    """Means of `differences` (n,) by group, shrunk to the mean of all.

    Args:
        differences: score minus the vote's score, one per question, in [-1, 1]; n >= 1.
        labels: (n,) group of each, in -1..groups - 1; -1 counts for the common mean only.
        groups: how many there are.
    """
    n = len(differences)
    common = float(differences.mean())
    # As if one more question had gone the other way: a few equal answers are no proof of equality.
    spread = float(((differences - common) ** 2).sum() + 1.0) / n
    inside = labels >= 0
    counts = np.bincount(labels[inside], minlength=groups).astype(np.float64)
    sums = np.bincount(labels[inside], weights=differences[inside], minlength=groups)
    raw, raw_error = np.full(groups, np.nan), np.full(groups, np.nan)
    np.divide(sums, counts, out=raw, where=counts > 0)
    np.divide(spread, counts, out=raw_error, where=counts > 0)
    between = _variance_between(raw, counts / spread, common)
    pull = spread / (spread + counts * between)  # 1: all the common mean
    mean = pull * common + (1 - pull) * np.where(counts > 0, raw, 0.0)
    variance = np.where(counts > 0, (1 - pull) * np.nan_to_num(raw_error), 0.0) + pull**2 * spread / n
    empty = counts == 0
    variance[empty] = spread / n + between
    return Shrunk(raw, np.sqrt(raw_error), mean, np.sqrt(variance))


def _variance_between(raw: Floats, weights: Floats, common: float) -> float:
    """DerSimonian-Laird estimate of the variance of true differences between groups, at least 0."""
    used = weights > 0
    if used.sum() < 2:
        return 0.0
    w, d = weights[used], raw[used]
    excess = float((w * (d - common) ** 2).sum()) - (len(w) - 1)
    return max(0.0, excess / float(w.sum() - (w**2).sum() / w.sum()))
