"""Pilots: centroids of the questions that each expert wins; the nearest pilots decide.

After RouterRetriever (arXiv 2409.02685). There a question is won by the expert with the highest
nDCG; right-or-wrong scores tie, and a tie is won by the expert that is right most often overall, so
that the others' pilots stand only where they are needed. Ours adds several pilots an expert and
accuracies at each pilot, which make the answer a chance. Training-free: a new expert brings its own
pilots, the others' stay. Knows no query text.
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
from routers.neighbours.config import PilotsConfig
from routers.neighbours.kernel import blocks, nearest_rows, nearness
from routers.training_data import Scores, TrainingData, expert_means

_LEAST = 1e-6
"""By how much an owner is lifted above the others, if it must come first."""


class Pilots:
    """Shrunk accuracies at the pilots nearest to the question."""

    def __init__(self, config: PilotsConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Group the questions by winner and place pilots in each group."""
        self.order_ = canonical_order(data)
        ordered = data.take(self.order_)
        self.experts_ = data.experts
        self.vectors_ = ordered.vectors
        won = winners(ordered.scores)
        groups = [
            (owner, self.vectors_[won == owner]) for owner in range(len(data.experts)) if (won == owner).any()
        ]
        if not groups:  # nobody was right on anything: all questions are as good as any
            groups = [(0, self.vectors_)]
        self.pilots_, self.owners_ = self._placed(groups)
        self._count(ordered.scores)
        return self

    def add_expert(self, name: str, scores: NDArray[np.float64]) -> Self:
        """Take one more expert into the pool; it gets pilots where it wins. See `Knn.add_expert`."""
        self.experts_, columns = with_expert(self.experts_, self.scores_, self.order_, name, scores)
        newest = columns.shape[1] - 1
        mine = self.vectors_[winners(columns) == newest]
        if len(mine):
            pilots, owners = self._placed([(newest, mine)])
            self.pilots_ = np.concatenate([self.pilots_, pilots])
            self.owners_ = np.concatenate([self.owners_, owners])
        self._count(columns)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        chances = np.zeros((len(vectors), len(self.experts_)))
        for block in blocks(len(vectors)):
            weights = nearness(vectors[block], self.pilots_, self.config.temperature, None).astype(np.float64)
            chances[block] = weights @ self.table_ / weights.sum(axis=1, keepdims=True)
        if self.config.owner_first:
            owner = self.owners_[nearest_rows(vectors, self.pilots_, 1)[0]]
            first = np.minimum(chances.max(axis=1, keepdims=True, initial=0.0) + _LEAST, 1.0)
            np.put_along_axis(chances, owner, first, axis=1)
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The nearest pilot, whose it is, and the counts of the three best experts there."""
        rows, _ = nearest_rows(vectors, self.pilots_, 1)
        return [(self._sentence(int(pilot)),) for pilot in rows[:, 0]]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "order": self.order_,
            "vectors": self.vectors_,
            "pilots": self.pilots_,
            "owners": self.owners_,
            "scores": self.scores_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.order_ = state["order"]
        self.vectors_ = state["vectors"]
        self.pilots_ = state["pilots"]
        self.owners_ = state["owners"]
        self._count(state["scores"])
        return self

    def _placed(self, groups: list[tuple[int, Vectors]]) -> tuple[Vectors, NDArray[np.int64]]:
        found = [centroids(rows, self.config.pilots, self.config.seed) for _, rows in groups]
        owners = np.repeat([owner for owner, _ in groups], [len(pilots) for pilots in found])
        return np.concatenate(found), owners.astype(np.int64)

    def _count(self, scores: Scores) -> None:
        self.scores_ = scores
        nearest = nearest_rows(self.vectors_, self.pilots_, 1)[0][:, 0]
        self.counts_ = GroupAccuracy.count(one_hot(nearest, len(self.pilots_)), scores)
        self.table_ = self.counts_.shrunk(self.config.prior_questions)

    def _sentence(self, pilot: int) -> str:
        best = np.argsort(-self.table_[pilot], kind="stable")[:3]
        counts = ", ".join(self.counts_.sentence(pilot, int(i), self.experts_) for i in best)
        return f"Pilot {pilot}, of questions that {self.experts_[self.owners_[pilot]]} wins: {counts}."


def winners(scores: Scores) -> NDArray[np.int64]:
    """(n,) expert with the highest score, of several the one with the highest mean, -1 where all are 0.

    Args:
        scores: (n, m); NaN = not run, never wins.
    """
    # Scores of 0 win nothing; equal means are decided in configuration order.
    by_mean = np.argsort(-expert_means(scores), kind="stable")
    known = np.where(np.isnan(scores), 0.0, scores)[:, by_mean]
    won: NDArray[np.int64] = np.where(known.max(axis=1) > 0, by_mean[known.argmax(axis=1)], -1)
    return won
