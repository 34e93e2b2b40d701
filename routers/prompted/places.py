"""How often experts were right at each place of an LLM's ranking, as chances. Knows no LLM.

A ranking is evidence to be weighed, not a truth: counts say how much better the first is than its mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routers.likelihood import Array
from routers.training_data import Scores


def place_of_each(ranked: Sequence[int], pool: int) -> Array:
    """(m,) place of every expert, from 0; those that were not named share the place m."""
    places = np.full(pool, pool)
    places[list(ranked)] = np.arange(len(ranked))
    return places


def count_places(rankings: Sequence[Sequence[int]], scores: Scores) -> Array:
    """(m, m + 1, 2): right and run of every expert at every place.

    Args:
        rankings: (n) indices, best first; an empty one is left out.
        scores: (n, m); NaN = not run.
    """
    pool = scores.shape[1]
    counts = np.zeros((pool, pool + 1, 2))
    for ranked, row in zip(rankings, scores, strict=True):
        if ranked:
            run = np.flatnonzero(~np.isnan(row))
            places = place_of_each(ranked, pool)[run]
            counts[run, places, 0] += row[run]
            counts[run, places, 1] += 1.0
    return counts


def place_chances(counts: Array, means: Array, strength: float) -> Array:
    """(m, m + 1) chance of every expert at every place, in (0, 1).

    The prior is the expert's mean, moved in logits by what the place is worth for all experts; both
    levels are drawn to their prior with the weight of `strength` questions.
    """
    from scipy.special import expit, logit

    right, run = counts.sum(axis=0).T
    expected = np.where(run > 0, (counts[:, :, 1] * means[:, None]).sum(axis=0), 0.0)
    usual = np.divide(expected, run, out=np.full(len(run), 0.5), where=run > 0)
    worth = logit((right + strength * usual) / (run + strength)) - logit(usual)
    prior = expit(logit(means)[:, None] + worth)
    chances: Array = (counts[:, :, 0] + strength * prior) / (counts[:, :, 1] + strength)
    return chances
