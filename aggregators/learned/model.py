"""The model of a learned fusion: how likely each candidate answer is to be right, and whether to ask on.

Gradient-boosted trees over one row per candidate answer. Fitted on every question as if only its k
best-ranked experts had been asked, for several k, and once with experts drawn at random, so that one
model serves any number of experts and lacks of some. After Fusion of Experts (Wang et al. 2024,
arXiv 2310.01542), the behaviour-knowledge space (Huang and Suen 1995) and stacking (Wolpert 1992); that
candidates share one model, whatever their letters, and the training on subsets are ours. Knows arrays,
no texts and no files.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aggregators.learned.features import CandidateRows, Norms, candidate_rows
from aggregators.learned.gain import GainModel
from aggregators.learned.patterns import AnswerPatterns, Codes, Floats

_log = logging.getLogger(__name__)
SIZES = (1, 2, 3, 4, 5, 6, 8)
"""Numbers of experts that questions are fitted with, beside all."""
_SEED = 11
_FEW = 30
"""A feature that is known of fewer rows tells nothing that could be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """Probabilities of candidate answers."""

    chances: Floats
    """(n, d) that the answer of this number is right; 0 for numbers that nobody gave. A row sums to at
    most 1: what is left is the chance that no answer given is right."""

    @property
    def leading(self) -> Codes:
        """(n,) number of the likeliest answer, the best-ranked of equals; -1 where there is none."""
        if not self.chances.shape[1]:
            return np.full(len(self.chances), -1, dtype=np.int64)
        best = self.chances.argmax(axis=1)
        return np.where(self.chances.max(axis=1) > 0, best, -1).astype(np.int64)

    @property
    def support(self) -> Floats:
        """(n,) chance of the leading answer; 0 where there is none."""
        best: Floats = self.chances.max(axis=1, initial=0.0)
        return best


@dataclass(slots=True, kw_only=True, eq=False)
class FusionModel:
    """Fitted by `fit`."""

    norms: Norms
    trees: Any
    """scikit-learn's HistGradientBoostingClassifier."""
    usable: NDArray[np.bool_]
    """(f,) features that were known often enough."""
    gain: GainModel | None = field(default=None)
    """None where there was nothing to learn it from: fewer than two experts, or no parts to leave out."""

    @classmethod
    def fit(cls, patterns: AnswerPatterns, right: Floats, parts: NDArray[np.int64]) -> FusionModel:
        """Learn from profiled questions.

        Args:
            patterns: of all experts that were run; estimates of questions that the router was not fitted
                on (cross-fitted ones), else they promise more than they will keep.
            right: (n, m) score of each answer in [0, 1]; at least half counts as right, NaN as wrong.
            parts: (n,) from 0; questions of one part are left out together where the gain from asking
                more is learned. Repeated questions must share a part.

        Raises:
            ValueError: no answer is right, or none is wrong.
        """
        model = cls._fit_trees(patterns, right)
        sizes = _sizes(patterns.codes.shape[1])
        if len(sizes) > 1 and len(np.unique(parts)) > 1:
            left_out = {k: np.zeros(_width(patterns)) for k in sizes}
            for part in np.unique(parts):
                out, rest = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
                partial = cls._fit_trees(patterns.take(rest), right[rest])
                for k in sizes:
                    found = partial.posterior(_best_ranked(patterns.take(out), k)).chances
                    left_out[k][out, : found.shape[1]] = found
            model.gain = GainModel.fit(
                patterns,
                {k: Posterior(chances=c) for k, c in left_out.items()},
                answer_scores(patterns, right),
            )
        return model

    @classmethod
    def _fit_trees(cls, patterns: AnswerPatterns, right: Floats) -> FusionModel:
        from sklearn.ensemble import HistGradientBoostingClassifier

        norms = Norms.of(patterns)
        truth = answer_scores(patterns, right) >= 0.5
        rows, labels = [], []
        for subset in _subsets(patterns):
            found = candidate_rows(subset, norms)
            rows.append(found.features)
            labels.append(truth[found.question, found.code])
        features, label = np.concatenate(rows), np.concatenate(labels)
        if len(np.unique(label)) < 2:
            raise ValueError("A fusion can be learned only where some answers are right and some are wrong.")
        usable = (~np.isnan(features)).sum(axis=0) >= _FEW
        trees = HistGradientBoostingClassifier(
            max_iter=300,
            learning_rate=0.05,
            max_leaf_nodes=16,
            min_samples_leaf=100,
            l2_regularization=5.0,
            early_stopping=False,
            random_state=_SEED,
        )
        trees.fit(features[:, usable], label)
        return cls(norms=norms, trees=trees, usable=usable)

    def posterior(self, patterns: AnswerPatterns) -> Posterior:
        """Probabilities of the answers at hand."""
        chances = np.zeros(_width(patterns))
        rows: CandidateRows = candidate_rows(patterns, self.norms)
        if len(rows.question):
            p = self.trees.predict_proba(rows.features[:, self.usable])[:, 1]
            chances[rows.question, rows.code] = p
        # Candidates are judged one by one; of answers that exclude each other the chances cannot exceed 1.
        whole = np.maximum(chances.sum(axis=1, keepdims=True), 1.0)
        return Posterior(chances=chances / whole)


def answer_scores(patterns: AnswerPatterns, right: Floats) -> Floats:
    """(n, d) score of each distinct answer: the best that an expert got for it."""
    scores = np.zeros(_width(patterns))
    for j in range(patterns.codes.shape[1]):
        gave = np.flatnonzero(patterns.codes[:, j] >= 0)
        at = (gave, patterns.codes[gave, j])
        scores[at] = np.maximum(scores[at], np.nan_to_num(right[gave, j]))
    return scores


def _width(patterns: AnswerPatterns) -> tuple[int, int]:
    return len(patterns), int(patterns.codes.max(initial=-1)) + 1


def _sizes(m: int) -> tuple[int, ...]:
    return tuple(sorted({k for k in SIZES if k < m} | {m}))


def _subsets(patterns: AnswerPatterns) -> Sequence[AnswerPatterns]:
    """The questions as if fewer experts had been asked."""
    m = patterns.codes.shape[1]
    found = [_best_ranked(patterns, k) for k in _sizes(m)]
    rng = np.random.default_rng(_SEED)
    share = rng.uniform(0.2, 1.0, size=(len(patterns), 1))
    return [*found, patterns.only(rng.random((len(patterns), m)) < share)]


def _best_ranked(patterns: AnswerPatterns, k: int) -> AnswerPatterns:
    """As if only the k best-ranked of those that were asked had been; unknown estimates rank last."""
    return patterns.only(places(patterns) < k)


def places(patterns: AnswerPatterns) -> Codes:
    """(n, m) place of each expert among those that were asked, by estimate, from 0; ties in order."""
    worth = np.where(np.isnan(patterns.estimates), -1.0, patterns.estimates)
    order = np.argsort(-np.where(patterns.asked, worth, -2.0), axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(order.shape[1])[None, :], axis=1)
    return place.astype(np.int64)
