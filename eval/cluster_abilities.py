"""How good each expert is within each cluster of questions, and how sure that is, from few outcomes.

An additive model with a shared prior: expert + cluster + interaction, the interaction normal with a
variance that is estimated from the data (empirical Bayes by moments, Morris 1983). A cluster where an
expert was never asked borrows from the expert's other clusters and from the other experts. Knows no
question, no budget and no router.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Clusters = NDArray[np.int64]

_PRIOR_VARIANCE = 0.08**2
"""Of interactions, where the data say little; the standard deviation in MMLU-Pro's subjects is 0.04 to
0.09."""
_PRIOR_CELLS = 5.0
_LEAST_VARIANCE = 0.06**2
_PRIOR_QUESTIONS = 2.0
"""What 0.5 is worth in the variance of one answer, so that 3 of 3 right is not certainty."""
_PASSES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """Posterior of the accuracy of each expert in each cluster, independent and normal."""

    mean: Floats
    """(clusters, m)."""
    deviation: Floats
    """(clusters, m) standard deviations, above 0."""


def fit_abilities(scores: Floats, clusters: Clusters, count: int) -> Abilities:
    """Abilities from scores (n, m), NaN = not run, of questions in clusters (n,) from 0 to count - 1."""
    run = ~np.isnan(scores)
    member = np.eye(count)[clusters].T  # (clusters, n)
    asked = member @ run
    right = member @ np.where(run, scores, 0.0)
    total = asked.sum()
    average = right.sum() / total if total else 0.5
    rate = np.divide(right, asked, out=np.full_like(right, average), where=asked > 0)
    guess = (right + _PRIOR_QUESTIONS * 0.5) / (asked + _PRIOR_QUESTIONS)
    noise = guess * (1 - guess) / np.maximum(asked, 1)
    variance = np.full(scores.shape[1], _PRIOR_VARIANCE)
    for _ in range(_PASSES):
        # A cell counts by how well it is known, an interaction included.
        weight = np.where(asked > 0, 1 / (noise + variance), 0.0)
        expert, cluster = _additive(rate - average, weight)
        residual = rate - average - expert - cluster[:, None]
        moments = np.where(asked > 0, residual**2 - noise, 0.0)
        variance = _interaction_variance(moments, asked > 0)
    trust = np.where(asked > 0, variance / (variance + noise), 0.0)
    mean = average + expert + cluster[:, None] + trust * residual
    main = 1 / (weight.sum(axis=0) + 1 / 0.25**2)  # variance of the expert's own mean
    deviation = np.sqrt(variance * (1 - trust) + (1 - trust) ** 2 * main)
    return Abilities(mean, deviation)


def _interaction_variance(moments: Floats, known: NDArray[np.bool_]) -> Floats:
    """(m,) variance of each expert's interactions, drawn to the pool's: specialists have more."""
    pool = (moments.sum() + _PRIOR_CELLS * _PRIOR_VARIANCE) / (known.sum() + _PRIOR_CELLS)
    own = (moments.sum(axis=0) + _PRIOR_CELLS * pool) / (known.sum(axis=0) + _PRIOR_CELLS)
    floored: Floats = np.maximum(own, _LEAST_VARIANCE)
    return floored


def _additive(rate: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted main effects of experts (m,) and clusters (c,), a little drawn to 0."""
    ridge = 1 / 0.25**2
    expert, cluster = np.zeros(rate.shape[1]), np.zeros(rate.shape[0])
    for _ in range(_PASSES):
        expert = (weight * (rate - cluster[:, None])).sum(axis=0) / (weight.sum(axis=0) + ridge)
        cluster = (weight * (rate - expert)).sum(axis=1) / (weight.sum(axis=1) + ridge)
    return expert, cluster
