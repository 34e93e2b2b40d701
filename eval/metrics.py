"""Numbers from scores: accuracy with its interval, differences, oracle, best single expert.

Pure: arrays in, numbers out. Knows no benchmark, no expert and no gold answer.

Intervals: Wilson's score interval for one accuracy (Wilson 1927; holds near 0 and 1 and for few
questions), the paired percentile bootstrap for a difference on the same questions (Efron and
Tibshirani 1993), which is far narrower than two separate intervals suggest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from eval.scoring import OUTCOMES, Outcome

_CHUNK = 4_000_000
"""Most indices drawn at once, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate within its confidence interval; all NaN where there is no data."""

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference with this interval is one."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many questions ended how."""

    right: int = 0
    wrong: int = 0
    unparsed: int = 0
    abstained: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        """All questions asked."""
        return self.answered + self.abstained + self.error

    @property
    def answered(self) -> int:
        """Questions with an answer given to the user, parsed or not."""
        return self.right + self.wrong + self.unparsed

    @property
    def accuracy(self) -> Interval:
        """The headline: errors and withheld answers count as wrong, for neither helps who asked."""
        return wilson(self.right, self.total)

    @property
    def accuracy_of_scored(self) -> Interval:
        """Accuracy among the questions that did not end in an error."""
        return wilson(self.right, self.total - self.error)

    @property
    def coverage(self) -> float:
        """Share of the questions that were answered, in [0, 1]; NaN without questions."""
        return self.answered / self.total if self.total else math.nan

    @property
    def accuracy_of_answered(self) -> Interval:
        """Accuracy among the answered questions: what an aggregator that abstains is judged by."""
        return wilson(self.right, self.answered)


def count(outcomes: Iterable[Outcome]) -> Counts:
    """Counts of outcomes.

    Raises:
        ValueError: an unknown outcome.
    """
    found = Counter(outcomes)
    unknown = sorted(set(found) - set(OUTCOMES))
    if unknown:
        raise ValueError(f"Outcomes must be among {', '.join(OUTCOMES)}, got {unknown}.")
    return Counts(**{str(outcome): found[outcome] for outcome in OUTCOMES})


def wilson(n_right: float, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's interval of a share.

    Args:
        n_right: successes, 0 to `n`; need not be whole where scores are means over samples.
        n: trials; 0 gives NaN.
        level: confidence level, above 0 and below 1.

    Raises:
        ValueError: `n_right` lies outside 0 to `n`.
    """
    if not 0 <= n_right <= n:
        raise ValueError(f"n_right must lie between 0 and n = {n}, got {n_right}.")
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = n_right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0))


def accuracy(scores: NDArray[np.float64], *, level: float = 0.95) -> Interval:
    """Mean of scores (n) in [0, 1] and its Wilson interval; NaN = not scored, left out."""
    run = scores[~np.isnan(scores)]
    return wilson(float(run.sum()), int(run.size), level=level)


def paired_difference(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    n_resamples: int = 10_000,
    level: float = 0.95,
) -> Interval:
    """Mean of `a - b` with its paired bootstrap interval.

    Args:
        a: scores (n) of one system; NaN = not scored.
        b: scores (n) of the other on the same questions, in the same order.
        rng: a generator of the caller's own; equal seeds give equal intervals.
        n_resamples: how often the questions are drawn anew.
        level: confidence level, above 0 and below 1.

    Returns:
        The interval over the questions that both have a score for.

    Raises:
        ValueError: the shapes differ.
    """
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"Scores must be two vectors of one length, got shapes {a.shape} and {b.shape}.")
    difference = a - b
    difference = difference[~np.isnan(difference)]
    if difference.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    means = np.empty(n_resamples)
    step = max(1, _CHUNK // difference.size)
    for start in range(0, n_resamples, step):
        stop = min(start + step, n_resamples)
        drawn = rng.integers(difference.size, size=(stop - start, difference.size))
        means[start:stop] = difference[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(float(difference.mean()), float(low), float(high))


def best_single(scores: NDArray[np.float64]) -> int:
    """Column of the expert with the highest mean in scores (n, m); the first of equals.

    NaN = not run, left out. Choose on other questions than those reported on: the best of many
    on the test questions themselves is a lucky pick.

    Raises:
        ValueError: no expert has a score.
    """
    means = _column_means(scores)
    if np.isnan(means).all():
        raise ValueError("No expert has any score, so none is best.")
    return int(np.nanargmax(means))


def oracle(scores: NDArray[np.float64]) -> float:
    """Accuracy in [0, 1] of always asking an expert that is right, from scores (n, m).

    NaN = not run; questions that no expert was run on are left out, and without any the result is
    NaN.
    """
    asked = scores[~np.isnan(scores).all(axis=1)]
    return float(np.nanmax(asked, axis=1).mean()) if asked.size else math.nan


def share_of_gap(system: float, *, single: float, best_possible: float) -> float:
    """How much of the way from the best single expert to the oracle a system goes; NaN without a gap."""
    gap = best_possible - single
    return (system - single) / gap if gap > 0 else math.nan


def _column_means(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    run = ~np.isnan(scores)
    total = np.where(run, scores, 0.0).sum(axis=0)
    means = np.full(total.shape, np.nan)
    np.divide(total, run.sum(axis=0), out=means, where=run.any(axis=0))
    return means
