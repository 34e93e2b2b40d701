"""Chances from extremely randomised trees: mean scores on the questions in the leaf, over many trees.

Geurts, Ernst and Wehenkel (Machine Learning 63, 2006); fitted by scikit-learn for all experts at
once, so that cuts follow what experts have in common. No published router uses them: on MMLU-Pro
they were the best single estimator that we tried. Knows no query text.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.forest.config import ForestConfig
from routers.forest.flat_trees import FlatTrees
from routers.ranking import ranking
from routers.training_data import TrainingData, filled

_EXPLAINED = 3
"""Experts, best first, that the reasons speak of."""


class ForestEstimator:
    """Mean scores in the leaves that a question falls into.

    Attributes:
        experts_: (m) names.
        questions_: how many were fitted.
        mean_, components_: (d,) and (d, r), from vectors to coordinates.
        trees_: the leaves and the way there.
    """

    experts_: tuple[str, ...]
    questions_: int
    mean_: NDArray[np.float64]
    components_: NDArray[np.float64]
    trees_: FlatTrees

    def __init__(self, config: ForestConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """See `Estimator.fit`; cells that were not run are filled in, for trees need them all."""
        from sklearn.ensemble import ExtraTreesRegressor

        data = data.take(canonical_order(data))
        self.experts_ = data.experts
        self.questions_ = len(data.texts)
        self._fit_components(data.vectors)
        forest = ExtraTreesRegressor(
            self.config.trees,
            min_samples_leaf=self.config.min_questions,
            max_features=self.config.tried,
            random_state=self.config.seed,
            n_jobs=-1,
        )
        scores = filled(data.scores)
        # scikit-learn warns of a single output that comes as a column.
        forest.fit(self._points(data.vectors), scores if scores.shape[1] > 1 else scores[:, 0])
        self.trees_ = FlatTrees.of(forest)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        return self.trees_.mean(self._points(vectors))

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """Of the best experts, how often they were right on the questions in the same leaves."""
        points = self._points(vectors)
        sizes = self.trees_.sizes[self.trees_.find(points)].mean(axis=1)
        return [
            (self._sentence(row, size),) for row, size in zip(self.trees_.mean(points), sizes, strict=True)
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "questions": self.questions_,
            "mean": self.mean_,
            "components": self.components_,
            "trees": self.trees_.state(),
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.questions_ = state["questions"]
        self.mean_, self.components_ = state["mean"], state["components"]
        self.trees_ = FlatTrees.from_state(state["trees"])
        return self

    def _fit_components(self, vectors: Vectors) -> None:
        from sklearn.decomposition import PCA

        self.mean_ = vectors.astype(np.float64).mean(axis=0)
        rank = min(self.config.dimensions, *vectors.shape)
        self.components_ = np.zeros((vectors.shape[1], rank))
        if len(vectors) > 1:
            found = PCA(rank, random_state=0).fit(vectors.astype(np.float64))
            self.components_ = np.ascontiguousarray(found.components_.T)

    def _points(self, vectors: Vectors) -> Vectors:
        # Rounded once at the end: a coordinate near a threshold then hardly depends on the batch.
        points: Vectors = ((vectors - self.mean_) @ self.components_).astype(np.float32)
        return points

    def _sentence(self, chances: Chances, size: float) -> str:
        best = ranking(chances)[:_EXPLAINED]
        named = ", ".join(f"{self.experts_[i]} {chances[i]:.0%}" for i in best)
        return (
            f"In its leaves of {len(self.trees_.roots)} trees (on average {size:.0f} of "
            f"{self.questions_} solved questions) the experts were right: {named}."
        )
