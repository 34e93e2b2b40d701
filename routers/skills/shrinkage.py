"""From counts of right and wrong to the probability that each expert is right: hierarchical shrinkage.

What an expert knows may hang on a *combination*: arithmetic, but of small numbers only. Counts of the
whole combination say so, and are few; counts of single keywords are many, and blur it. So estimates
back off, each level being the prior of the next, worth `a` questions:

    expert's mean -> each keyword -> each pair of keywords -> all keywords together
    p(skill) = (right + a * prior(skill)) / (right + wrong + a)

The parts of a skill are pooled as deviations in log-odds from the expert's mean (a strong expert's
small lead at the top of the scale weighs as much as a weak one's in the middle), weighted by
reliability n / (n + a), so that a keyword met once does not dilute one met a hundred times. Keywords
of one question overlap in meaning: adding their deviations, as naive Bayes does, counts the same
evidence twice, averaging them wastes what is new in each. Pooled, c parts are worth `c ** pooling`
times their mean, and `pooling` is fitted. Pairs add what they show beyond their two keywords.

Pure arrays: knows no queries and no names. `fit_shrinkage` chooses the three numbers by leave-one-out
likelihood on the questions that were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from routers.skills.skill_profile import Counts, Shrinkage, SkillProfiles, right_and_wrong, skills_of

Array = NDArray[np.float64]

PRIOR_QUESTIONS = 2.0
"""What the pool's mean is worth as the prior of an expert's mean."""

_STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_POOLINGS = (0.0, 0.5, 1.0)
_MOST_QUESTIONS = 1000
"""Bound on the questions that `fit_shrinkage` looks at; three numbers need no more."""

_MOST_LOG_ODDS = 12.0
"""Bound on pooled log-odds (6 in a million), so that a sum of many sure parts stays below 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Counts that bear on one question with c keywords. Fractional counts are fine."""

    singles: Array
    """(c, m, 2) per keyword."""
    pairs: Array
    """(c * (c - 1) / 2, m, 2) per pair, in the order of `itertools.combinations`."""
    whole: Counts
    """(m, 2) of all keywords together; read only where c > 2."""


def expert_means(totals: Counts) -> Array:
    """(m,) mean of each expert in (0, 1), drawn a little to the pool's; that alone if it never ran."""
    pool = (totals[:, 0].sum() + 1.0) / (totals.sum() + 2.0)
    return _posterior(totals, pool, np.float64(PRIOR_QUESTIONS))


def probabilities(evidence: Evidence, means: Array, shrinkage: Shrinkage) -> Array:
    """(m,) probability that each expert is right, in (0, 1); `means` where there are no keywords.

    Args:
        evidence: counts of the question's skills.
        means: (m,) of `expert_means`.
        shrinkage: strengths.
    """
    grid = np.array([[shrinkage.keyword, shrinkage.combination, shrinkage.pooling]])
    values: Array = _grid_probabilities(evidence, means, grid)[0]
    return values


def gather(profiles: SkillProfiles, keywords: Sequence[str], *, without: Counts | float = 0.0) -> Evidence:
    """Evidence on known keywords in alphabetical order.

    Args:
        profiles: where the counts stand.
        keywords: distinct.
        without: (m, 2) taken off every count that holds it: a question's own outcome.
    """
    experts = len(profiles.experts)

    def counts(skill: Sequence[str]) -> Counts:
        # A combination that is not stored does not hold the question's own outcome either.
        return np.maximum(profiles.counts(tuple(skill)) - without, 0.0)

    words = sorted(keywords)
    return Evidence(
        singles=np.array([counts([word]) for word in words]).reshape(-1, experts, 2),
        pairs=np.array([counts(pair) for pair in combinations(words, 2)]).reshape(-1, experts, 2),
        whole=counts(words) if len(words) > 2 else np.zeros((experts, 2)),
    )


def fit_shrinkage(
    profiles: SkillProfiles, keywords: Sequence[Sequence[str]], scores: Array
) -> Shrinkage | None:
    """The strengths under which each question is likeliest given all the others.

    Args:
        profiles: counted from these very questions.
        keywords: (n) per question.
        scores: (n, m) in [0, 1], NaN = not run.

    Returns:
        The best on a fixed grid; None where no question has a keyword.
    """
    rows = [i for i, words in enumerate(keywords) if words]
    if not rows:
        return None
    step = -(-len(rows) // _MOST_QUESTIONS)
    grid = np.array(list(product(_STRENGTHS, _STRENGTHS, _POOLINGS)))
    likelihood = np.zeros(len(grid))
    for i in rows[::step]:
        own = right_and_wrong(scores[i])
        means = expert_means(np.maximum(profiles.totals - own, 0.0))
        p = _grid_probabilities(gather(profiles, keywords[i], without=own), means, grid)
        likelihood += (own[:, 0] * np.log(p) + own[:, 1] * np.log1p(-p)).sum(axis=1)
    keyword, combination, pooling = grid[int(np.argmax(likelihood))]
    return Shrinkage(keyword=float(keyword), combination=float(combination), pooling=float(pooling))


def deciding_skill(
    profiles: SkillProfiles, expert: int, keywords: Iterable[str], strength: float
) -> tuple[str, ...]:
    """The skill whose counts weigh most for an expert: the largest met at least `strength` times.

    Where none was met so often, the most frequent; () where none was met at all.
    """
    sizes = {skill: float(profiles.counts(skill)[expert].sum()) for skill in skills_of(keywords)}
    met = [skill for skill, size in sizes.items() if size > 0]
    if not met:
        return ()
    enough = [skill for skill in met if sizes[skill] >= strength]
    return (
        max(enough, key=lambda skill: (len(skill), sizes[skill]))
        if enough
        else max(met, key=sizes.__getitem__)
    )


def _grid_probabilities(evidence: Evidence, means: Array, grid: Array) -> Array:
    """(g, m) for (g, 3) settings of keyword, combination and pooling."""
    c = len(evidence.singles)
    if c == 0:
        return np.broadcast_to(means, (len(grid), len(means)))
    base = _logit(means)
    a_keyword, a_combination, pooling = (grid[:, j, None, None] for j in range(3))
    single = _logit(_posterior(evidence.singles, means, a_keyword)) - base
    weight = _reliability(evidence.singles, a_keyword)
    deviation = _pooled(single, weight, pooling)
    if c > 1:
        left, right = (np.array(side) for side in zip(*combinations(range(c), 2), strict=True))
        parts = np.stack([single[:, left], single[:, right]], axis=-2)
        weights = np.stack([weight[:, left], weight[:, right]], axis=-2)
        prior = _pooled(parts, weights, pooling[..., None])
        pair = _logit(_posterior(evidence.pairs, _sigmoid(base + prior), a_combination)) - base
        deviation += _pooled(pair - prior, _reliability(evidence.pairs, a_combination), 0.0 * pooling)
    p = _sigmoid(base + deviation)
    return _posterior(evidence.whole, p, a_combination[..., 0]) if c > 2 else p


def _posterior(counts: Array, prior: Array | float, strength: Array | np.float64) -> Array:
    p: Array = (counts[..., 0] + strength * prior) / (counts.sum(axis=-1) + strength)
    return p


def _reliability(counts: Array, strength: Array) -> Array:
    size: Array = counts.sum(axis=-1)
    return size / (size + strength)


def _pooled(deviations: Array, weights: Array, pooling: Array) -> Array:
    """Weighted mean over axis -2, times the number of reliable parts to the power of `pooling`."""
    total = weights.sum(axis=-2)
    mean = np.divide((weights * deviations).sum(axis=-2), total, out=np.zeros_like(total), where=total > 0)
    pooled: Array = mean * np.maximum(total, 1.0) ** pooling[..., 0]
    return pooled


def _logit(p: Array) -> Array:
    odds: Array = np.log(p) - np.log1p(-p)
    return odds


def _sigmoid(x: Array) -> Array:
    p: Array = 1.0 / (1.0 + np.exp(-np.clip(x, -_MOST_LOG_ODDS, _MOST_LOG_ODDS)))
    return p
