"""k nearest neighbours: experts that were right on similar solved questions are likely right again.

After RouterBench (arXiv 2403.12031, predictive routers), with all questions weighted by nearness in
place of a fixed number. Training-free: an expert is a column of scores. Knows no query text.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.group_accuracy import GroupAccuracy
from routers.neighbours.added import with_expert
from routers.neighbours.config import KnnConfig
from routers.neighbours.kernel import blocks, nearest_rows, nearness
from routers.training_data import Scores, TrainingData, expert_means

_SHOWN = 3
"""Solved questions named in an explanation."""
_SHOWN_LETTERS = 60
"""Letters of each question shown."""


class Knn:
    """Similarity-weighted accuracy on the nearest solved questions, shrunk to the expert's mean."""

    def __init__(self, config: KnnConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Keep the questions and their scores."""
        self.order_ = canonical_order(data)
        ordered = data.take(self.order_)
        self.experts_ = data.experts
        self.texts_ = [_shortened(text) for text in ordered.texts]
        self.components_ = _components(ordered.vectors, self.config.dimensions)
        self.points_ = self._reduced(ordered.vectors)
        self._keep(ordered.scores)
        return self

    def add_expert(self, name: str, scores: NDArray[np.float64]) -> Self:
        """Take one more expert into the pool without a new fit.

        Args:
            name: new in the pool; it becomes the last.
            scores: (n,) in [0, 1] on the fitted questions, in the order in which `fit` had them;
                NaN = not run.

        Raises:
            RouterError: the name is taken, or scores are not one a question or outside [0, 1].
        """
        self.experts_, columns = with_expert(self.experts_, self.scores_, self.order_, name, scores)
        self._keep(columns)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        experts = len(self.experts_)
        chances = np.zeros((len(vectors), experts))
        reduced = self._reduced(vectors)
        for block in blocks(len(vectors)):
            weights = nearness(reduced[block], self.points_, self.config.temperature, self.config.neighbours)
            sums = (weights @ self.columns_).astype(np.float64)
            run = np.broadcast_to(sums[:, experts:], (len(sums), experts))
            local = GroupAccuracy(right=sums[:, :experts], run=run, means=self.means_)
            chances[block] = local.shrunk(self.config.prior_questions)
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The nearest solved questions and who was right on them."""
        rows, cosines = nearest_rows(self._reduced(vectors), self.points_, _SHOWN)
        return [
            tuple(self._sentence(int(row), float(cosine)) for row, cosine in zip(near, similar, strict=True))
            for near, similar in zip(rows, cosines, strict=True)
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "order": self.order_,
            "texts": self.texts_,
            "components": self.components_,
            "points": self.points_,
            "scores": self.scores_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.order_ = state["order"]
        self.texts_ = list(state["texts"])
        self.components_ = state["components"]
        self.points_ = state["points"]
        self._keep(state["scores"])
        return self

    def _keep(self, scores: Scores) -> None:
        self.scores_ = scores
        self.means_ = expert_means(scores)
        run = ~np.isnan(scores)
        # One column of ones counts for all experts where every one was run on everything.
        counted = np.ones((len(scores), 1)) if run.all() else run
        self.columns_ = np.concatenate([np.where(run, scores, 0.0), counted], axis=1).astype(np.float32)

    def _reduced(self, vectors: Vectors) -> Vectors:
        return vectors if self.components_ is None else vectors @ self.components_

    def _sentence(self, row: int, cosine: float) -> str:
        scores = self.scores_[row]
        right = [name for name, score in zip(self.experts_, scores, strict=True) if score >= 0.5]
        asked = int((~np.isnan(scores)).sum())
        shown = ", ".join(right[:4]) + (" and others" if len(right) > 4 else "")
        who = f"{len(right)} of {asked} right ({shown})" if right else f"none of {asked} right"
        return f'Solved question "{self.texts_[row]}" (cosine {cosine:.2f}): {who}.'


def _components(vectors: Vectors, dimensions: int | None) -> Vectors | None:
    """(d, r) principal directions, uncentred so that products still stand for cosines; None: all."""
    if dimensions is None or dimensions >= min(vectors.shape):
        return None
    from sklearn.decomposition import TruncatedSVD

    reducer = TruncatedSVD(dimensions, algorithm="randomized", n_iter=4, random_state=0).fit(vectors)
    components: Vectors = np.ascontiguousarray(reducer.components_.T, dtype=np.float32)
    return components


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_LETTERS else line[:_SHOWN_LETTERS].rstrip() + "..."
