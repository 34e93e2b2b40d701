"""Paired bootstrap of many score vectors at once: all differences and ratios from the same resamples.

Questions with the same scores in every vector are one kind, and a resample is a multinomial draw of how
many questions of each kind it holds: the same distribution as drawing questions one by one, in a fraction of
the time where there are few kinds, and independent of the order of the questions. Knows no names of vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eval.metrics import Interval

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_CHUNK = 2_000_000
"""Most counts drawn at once, so that memory stays flat."""


def resampled_means(scores: Floats, *, rng: np.random.Generator, n_resamples: int = RESAMPLES) -> Floats:
    """Means (n_resamples, r) of score vectors (n, r) over resampled questions; n >= 1, no NaN."""
    kinds, counts = np.unique(scores, axis=0, return_counts=True)
    n = len(scores)
    means = np.empty((n_resamples, scores.shape[1]))
    step = max(1, _CHUNK // len(kinds))
    for start in range(0, n_resamples, step):
        stop = min(start + step, n_resamples)
        means[start:stop] = rng.multinomial(n, counts / n, size=stop - start) @ kinds / n
    return means


def percentile_interval(estimate: float, resampled: Floats, *, level: float = 0.95) -> Interval:
    """The percentile interval (Efron and Tibshirani 1993) from values (n_resamples) of resamples."""
    low, high = np.quantile(resampled, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(estimate, float(low), float(high))
