"""Where to cut a set of questions in two, and whether the cut is worth it.

A cut is chosen on one half of the questions and tested on the other: it is kept only where routing
to the best expert of either side beats routing to the best of both, question by question. After
expertise trees (arXiv 2305.01063), whose test compares leaf models in the same way. Knows no tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routers.likelihood import Array
from routers.training_data import Scores

_QUANTILES = np.linspace(0.1, 0.9, 9)
"""Where cuts along an axis are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Questions whose coordinate along an axis is at most the threshold go left."""

    axis: int
    threshold: float


def sums(scores: Scores) -> Array:
    """(m, 2): the total of the scores of each expert, and how often it was run."""
    run = ~np.isnan(scores)
    totals: Array = np.stack([np.where(run, scores, 0.0).sum(axis=0), run.sum(axis=0)], axis=1)
    return totals


def shrunk(counts: Array, prior: Array, strength: float) -> Array:
    """Mean scores (m,) of `counts` (m, 2), with a prior (m,) that is worth so many questions."""
    means: Array = (counts[:, 0] + strength * prior) / (counts[:, 1] + strength)
    return means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Splitter:
    """Finds cuts.

    Attributes:
        min_questions: fewest on either side, in each half.
        significance: standard errors that the gain must exceed.
        shrinkage: questions that the record of both sides is worth in that of one.
    """

    min_questions: int
    significance: float
    shrinkage: float

    def best_cut(self, points: Array, scores: Scores, test: NDArray[np.bool_], prior: Array) -> Cut | None:
        """The cut with the most gain on the questions that are not `test`, if the others confirm it.

        Args:
            points: (n, d) coordinates.
            scores: (n, m); NaN = not run.
            test: (n,) which questions are for the test.
            prior: (m,) means of the experts over all n questions.
        """
        cut = self._promising(points[~test], scores[~test], prior)
        if cut is None:
            return None
        left = points[:, cut.axis] <= cut.threshold
        if min((left & test).sum(), (~left & test).sum()) < self.min_questions:
            return None
        gains = self._gains(left, scores, test, prior)
        error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
        return cut if gains.size and gains.mean() > self.significance * error else None

    def _promising(self, points: Array, scores: Scores, prior: Array) -> Cut | None:
        """The cut after which choosing by side gains the most; ties by how far the sides differ."""
        best: tuple[float, float] = (0.0, 0.0)
        found = None
        thresholds = np.quantile(points, _QUANTILES, axis=0) if len(points) else np.zeros((0, 0))
        for axis in range(points.shape[1]):
            for threshold in np.unique(thresholds[:, axis]) if len(points) else ():
                left = points[:, axis] <= threshold
                if min(left.sum(), (~left).sum()) < self.min_questions:
                    continue
                worth = self._worth(left, scores, prior)
                if worth > best:
                    best, found = worth, Cut(axis=axis, threshold=float(threshold))
        return found

    def _worth(self, left: NDArray[np.bool_], scores: Scores, prior: Array) -> tuple[float, float]:
        """Gain in expected right answers, then the squared distance of the sides' means, by size."""
        gain = spread = 0.0
        for side in (left, ~left):
            means = shrunk(sums(scores[side]), prior, self.shrinkage)
            gain += side.sum() * float(means.max() - means[prior.argmax()])
            spread += side.sum() * float(((means - prior) ** 2).sum())
        return gain, spread

    def _gains(self, left: NDArray[np.bool_], scores: Scores, test: NDArray[np.bool_], prior: Array) -> Array:
        """Per test question, the score of its side's best expert less that of the best of both sides."""
        both = int(prior.argmax())
        gains = []
        for side in (left, ~left):
            means = shrunk(sums(scores[side & ~test]), prior, self.shrinkage)
            tested = scores[side & test]
            gains.append(tested[:, int(means.argmax())] - tested[:, both])
        joined = np.concatenate(gains)
        known: Array = joined[~np.isnan(joined)]
        return known
