"""Accuracies per cluster of similar questions.

After Avengers (arXiv 2505.19797): embed, cluster by k-means, rank the experts within each cluster.
Ours adds shrinkage, and a mixture of the nearest clusters. Training-free once the clusters stand: a
new expert is a column of counts. Knows no query text beyond the words that title a cluster.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.group_accuracy import GroupAccuracy, one_hot
from routers.neighbours.added import with_expert
from routers.neighbours.centroids import centroids
from routers.neighbours.config import ClustersConfig
from routers.neighbours.kernel import blocks, nearest_rows, nearness
from routers.neighbours.typical_words import typical_words
from routers.training_data import Scores, TrainingData


class Clusters:
    """Shrunk accuracy of every expert in the clusters nearest to the question."""

    def __init__(self, config: ClustersConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Find clusters and count in each."""
        self.order_ = canonical_order(data)
        ordered = data.take(self.order_)
        self.experts_ = data.experts
        self.centroids_ = centroids(ordered.vectors, self.config.clusters, self.config.seed)
        self.labels_ = nearest_rows(ordered.vectors, self.centroids_, 1)[0][:, 0]
        self.titles_ = typical_words(ordered.texts, ordered.subjects, self.labels_, len(self.centroids_))
        self._count(ordered.scores)
        return self

    def add_expert(self, name: str, scores: NDArray[np.float64]) -> Self:
        """Take one more expert into the pool without a new fit; see `Knn.add_expert`."""
        self.experts_, columns = with_expert(self.experts_, self.scores_, self.order_, name, scores)
        self._count(columns)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        chances = np.zeros((len(vectors), len(self.experts_)))
        for block in blocks(len(vectors)):
            weights = nearness(
                vectors[block], self.centroids_, self.config.temperature, self.config.nearest
            ).astype(np.float64)
            chances[block] = weights @ self.table_ / weights.sum(axis=1, keepdims=True)
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The nearest cluster and the counts of the three best experts there."""
        rows, _ = nearest_rows(vectors, self.centroids_, 1)
        return [(self._sentence(int(group)),) for group in rows[:, 0]]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "order": self.order_,
            "centroids": self.centroids_,
            "labels": self.labels_,
            "titles": self.titles_,
            "scores": self.scores_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.order_ = state["order"]
        self.centroids_ = state["centroids"]
        self.labels_ = state["labels"]
        self.titles_ = list(state["titles"])
        self._count(state["scores"])
        return self

    def _count(self, scores: Scores) -> None:
        self.scores_ = scores
        self.counts_ = GroupAccuracy.count(one_hot(self.labels_, len(self.centroids_)), scores)
        self.table_ = self.counts_.shrunk(self.config.prior_questions)

    def _sentence(self, group: int) -> str:
        best = np.argsort(-self.table_[group], kind="stable")[:3]
        counts = ", ".join(self.counts_.sentence(group, int(i), self.experts_) for i in best)
        return f"Cluster {group} ({self.titles_[group]}): {counts}."
