"""What asking more experts is worth to a learned fusion: learned from how its answers changed by it.

FrugalFoE (Wang et al. 2024, arXiv 2310.01542, section 4) stops where, among solved questions that look
alike so far, a further expert lowers the error by too little; here a regression takes the place of the
nearest neighbours. Knows no model of answers beside its posteriors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aggregators.learned.patterns import AnswerPatterns, Floats

if TYPE_CHECKING:
    from aggregators.learned.model import Posterior

AHEAD = 3
"""Next sizes whose mean gain is learned: one more expert alone seldom changes an answer."""
_NEXT = 3
"""Experts asked next whose estimates are looked at."""
_SEED = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainModel:
    """Expected gain in the chance of being right from asking on."""

    trees: Any
    """scikit-learn's HistGradientBoostingRegressor."""

    @classmethod
    def fit(cls, patterns: AnswerPatterns, posteriors: Mapping[int, Posterior], scores: Floats) -> GainModel:
        """Learn from questions that the fusion was not fitted on.

        Args:
            patterns: with every expert asked.
            posteriors: by number of best-ranked experts asked, of questions left out in turn.
            scores: (n, d) of each answer.
        """
        from sklearn.ensemble import HistGradientBoostingRegressor

        sizes = sorted(posteriors)
        right = {k: _scored(posteriors[k], scores) for k in sizes}
        features, gains = [], []
        for at, k in enumerate(sizes[:-1]):
            later = [right[s] for s in sizes[at + 1 : at + 1 + AHEAD]]
            asked = np.full(len(patterns), k)
            features.append(_features(patterns, posteriors[k], asked))
            gains.append(np.mean(later, axis=0) - right[k])
        trees = HistGradientBoostingRegressor(
            max_iter=80,
            learning_rate=0.05,
            max_leaf_nodes=8,
            min_samples_leaf=300,
            l2_regularization=10.0,
            early_stopping=False,
            random_state=_SEED,
        )
        return cls(trees=trees.fit(np.concatenate(features), np.concatenate(gains)))

    def expected(self, patterns: AnswerPatterns, posterior: Posterior) -> Floats:
        """(n,) expected gain from asking up to three more, in the order of the estimates."""
        if not len(patterns):
            return np.zeros(0)
        asked = patterns.asked.sum(axis=1)
        gain: Floats = self.trees.predict(_features(patterns, posterior, asked))
        return gain


def _scored(posterior: Posterior, scores: Floats) -> Floats:
    leading = posterior.leading
    given = scores[np.arange(len(scores)), np.maximum(leading, 0)]
    return np.where(leading >= 0, given, 0.0)


def _features(patterns: AnswerPatterns, posterior: Posterior, asked: Floats) -> Floats:
    """(n, f) how clear the matter is, and how good those are that would be asked next."""
    n, m = patterns.codes.shape
    known = np.where(np.isnan(patterns.estimates), -1.0, patterns.estimates)
    ranked = -np.sort(-known, axis=1)
    after = np.pad(ranked, ((0, 0), (0, _NEXT + 1)))
    following = [after[np.arange(n), np.minimum(asked + i, m)] for i in range(_NEXT)]
    best = np.pad(-np.sort(-posterior.chances, axis=1), ((0, 0), (0, 3)))
    return np.column_stack(
        [
            best[:, :3],
            best[:, 0] - best[:, 1],
            (posterior.chances > 0).sum(axis=1),
            asked,
            *following,
            ranked[:, :3].mean(axis=1),
            ranked[:, 0],
            patterns.options,
        ]
    ).astype(np.float64)
