"""Experts whose votes complete each other: good ones whose errors are not the same ones.

The margin of the right answer in a log-odds vote is a sum over experts; its mean and variance follow
from chances and correlations of errors, and mean / deviation, which orders by the normal
approximation of the chance to win, is maximised greedily. After the ambiguity decomposition of
ensembles (Krogh and Vedelsby 1995), in our own form. Knows no router and no costs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError
from routers.policies.policy_input import Floats, PolicyInput
from routers.policies.vote_chance import AGREEMENT, CLIP, vote_weights

_PRIOR_QUESTIONS = 50.0
"""What the pool's mean correlation is worth, in questions that both experts answered."""


def diverse(given: PolicyInput, k: int) -> NDArray[np.int64]:
    """Choices (n, k), in the order of choice; the first has the highest chance.

    Raises:
        RouterError: the correlation of errors is unknown.
    """
    if given.error_correlation is None:
        raise RouterError(
            "The policy 'diverse' needs the correlation of the experts' errors, and this router gives none."
        )
    p = np.clip(given.chances, CLIP, 1 - CLIP)
    weights, wrong = vote_weights(given.chances), AGREEMENT * (1 - p)
    means = weights * (p - wrong)
    deviations = np.sqrt(weights**2 * (p + wrong) - means**2)
    return _greedy(given.chances, means, deviations, given.error_correlation, k)


def _greedy(
    chances: Floats, means: Floats, deviations: Floats, correlation: Floats, k: int
) -> NDArray[np.int64]:
    """One expert after the other with the highest mean / deviation of the margin together."""
    n, m = chances.shape
    rows = np.arange(n)
    chosen = np.empty((n, k), dtype=np.int64)
    taken = np.zeros((n, m), dtype=bool)
    mean, variance, shared = np.zeros(n), np.zeros(n), np.zeros((n, m))
    for place in range(k):
        together = variance[:, None] + deviations**2 + 2 * shared
        ratio = (mean[:, None] + means) / np.sqrt(np.maximum(together, 1e-12))
        pick = np.where(taken, -np.inf, ratio if place else chances).argmax(axis=1)
        chosen[:, place], taken[rows, pick] = pick, True
        mean = mean + means[rows, pick]
        variance = together[rows, pick]
        shared = shared + correlation[pick] * deviations * deviations[rows, pick][:, None]
    return chosen


def error_correlation(scores: Floats, chances: Floats) -> Floats:
    """Correlation (m, m) of what chances leave unexplained, shrunk to the pool's mean.

    Args:
        scores: (n, m) in [0, 1]; NaN = not run.
        chances: (n, m) estimated on questions that were left out, else errors look independent.

    Returns:
        Symmetric, 1 on the diagonal; pairs that share few questions are near the pool's mean.
    """
    run = ~np.isnan(scores)
    residual = np.where(run, scores - chances, 0.0)
    count = run.sum(axis=0)
    residual = np.where(run, residual - residual.sum(axis=0) / np.maximum(count, 1), 0.0)
    present = run.astype(np.float64)
    both = present.T @ present
    # Deviations over the questions that both were run on, so that the result lies in [-1, 1].
    power = (residual**2).T @ present
    scale = np.sqrt(power * power.T)
    raw = np.divide(residual.T @ residual, scale, out=np.zeros_like(scale), where=scale > 0)
    apart = ~np.eye(len(raw), dtype=bool)
    pool = np.average(raw[apart], weights=both[apart]) if both[apart].sum() > 0 else 0.0
    shrunk: Floats = (both * raw + _PRIOR_QUESTIONS * pool) / (both + _PRIOR_QUESTIONS)
    np.fill_diagonal(shrunk, 1.0)
    return shrunk
