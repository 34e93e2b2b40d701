"""Chances by region of a tree over the principal components of vectors; learns on from feedback.

After expertise trees (arXiv 2305.01063), with counts in place of a bandit per leaf, since chances are
wanted of every expert. Experts whose quality drifts are followed by exponential forgetting
(`partial_fit`). Cuts are in `routers.trees.splitting`, records in `routers.trees.tree`.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.likelihood import Array
from routers.ranking import ranking
from routers.training_data import Scores, TrainingData, folds
from routers.trees.config import TreeConfig
from routers.trees.recent import Recent
from routers.trees.splitting import Cut, Splitter
from routers.trees.tree import Tree, grow

_EXPLAINED = 3
"""Experts, best first, whose counts are in the reasons."""
_SUBJECTS = 2
"""Subjects, most frequent first, that a region is described by."""


class TreeEstimator:
    """A record of every expert per region of questions.

    Attributes:
        experts_: (m) names.
        mean_, components_: (d,) and (d, r), from vectors to coordinates.
        tree_: the regions.
        subjects_: per region of the fitted tree its main subjects, in words; "" = unknown.
        recent_: feedback in leaves, for further cuts.
        chances_: (regions, m).
    """

    experts_: tuple[str, ...]
    mean_: Array
    components_: Array
    tree_: Tree
    subjects_: tuple[str, ...]
    recent_: Recent
    chances_: Chances

    def __init__(self, config: TreeConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """See `Estimator.fit`; feedback of before is forgotten."""
        data = data.take(canonical_order(data))
        self.experts_ = data.experts
        self._fit_components(data.vectors)
        points = self._points(data.vectors)
        self.tree_ = grow(points, data.scores, folds(data.texts, 2) == 1, self._splitter())
        self.subjects_ = _main_subjects(self.tree_, self.tree_.leaves(points), data.subjects)
        self.recent_ = Recent(self.config.memory)
        self.chances_ = self.tree_.chances(self.config.shrinkage)
        return self

    def partial_fit(self, vectors: Vectors, scores: Scores) -> Self:
        """Learn from feedback, oldest first: counts move, and a leaf with much of it may be cut.

        Args:
            vectors: (n, d).
            scores: (n, m) in [0, 1]; NaN = not run, mostly all but the chosen experts.
        """
        for point, row in zip(self._points(vectors), scores, strict=True):
            leaf = int(self.tree_.leaves(point[None, :])[0])
            self.tree_.remember(leaf, row, self.config.memory)
            self.recent_.add(leaf, point, row)
            if self.recent_.due(leaf, 4 * self.config.min_questions):
                self._try_cut(leaf)
        self.chances_ = self.tree_.chances(self.config.shrinkage)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        chances: Chances = self.chances_[self.tree_.leaves(self._points(vectors))]
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The region, how it was cut out, and the counts of its best experts."""
        return [self._reasons(int(leaf)) for leaf in self.tree_.leaves(self._points(vectors))]

    def state(self) -> State:
        """See `Estimator.state`; with what was learned from feedback."""
        tree = self.tree_
        return {
            "experts": list(self.experts_),
            "mean": self.mean_,
            "components": self.components_,
            "axes": [-1 if cut is None else cut.axis for cut in tree.cuts],
            "thresholds": [0.0 if cut is None else cut.threshold for cut in tree.cuts],
            "sides": np.array(tree.sides),
            "parents": list(tree.parents),
            "counts": np.array(tree.counts),
            "subjects": list(self.subjects_),
            "recent": self.recent_.state(),
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.mean_, self.components_ = state["mean"], state["components"]
        cuts = zip(state["axes"], state["thresholds"], strict=True)
        self.tree_ = Tree(
            cuts=[None if axis < 0 else Cut(axis=axis, threshold=at) for axis, at in cuts],
            sides=[(int(left), int(right)) for left, right in state["sides"]],
            parents=list(state["parents"]),
            counts=list(state["counts"]),
        )
        self.subjects_ = tuple(state["subjects"])
        self.recent_ = Recent(self.config.memory).restore(state["recent"])
        self.chances_ = self.tree_.chances(self.config.shrinkage)
        return self

    def _fit_components(self, vectors: Vectors) -> None:
        from sklearn.decomposition import PCA

        rank = min(self.config.dimensions, *vectors.shape)
        self.components_ = np.zeros((vectors.shape[1], rank))
        if len(vectors) > 1:
            found = PCA(rank, random_state=0).fit(vectors.astype(np.float64))
            self.components_ = found.components_.T
        self.mean_ = vectors.astype(np.float64).mean(axis=0)

    def _points(self, vectors: Vectors) -> Array:
        points: Array = (vectors - self.mean_) @ self.components_
        return points

    def _splitter(self) -> Splitter:
        return Splitter(
            min_questions=self.config.min_questions,
            significance=self.config.significance,
            shrinkage=self.config.shrinkage,
        )

    def _try_cut(self, leaf: int) -> None:
        points, scores = self.recent_.of(leaf)
        test = np.arange(len(points)) % 2 == 1
        prior = self.tree_.chances(self.config.shrinkage)[leaf]
        cut = self._splitter().best_cut(points, scores, test, prior)
        if cut is not None:
            left = self.tree_.split(leaf, cut, points, scores)
            self.recent_.divide(leaf, left, self.tree_.sides[leaf])

    def _reasons(self, leaf: int) -> tuple[str, ...]:
        path = self.tree_.path(leaf)
        described = [self.subjects_[step] for step in path if step < len(self.subjects_)]
        about = f", mostly {described[-1]}" if described[-1] else ""
        counts, chances = self.tree_.counts[leaf], self.chances_[leaf]
        named = ", ".join(
            f"{self.experts_[i]} right on {counts[i, 0]:.4g} of {counts[i, 1]:.4g}"
            for i in ranking(chances)[:_EXPLAINED]
        )
        steps = "; ".join(self._step(a, b) for a, b in pairwise(path))
        way = (f"Its way there: {steps}.",) if steps else ()
        return (f"Region {leaf} of {len(self.tree_.cuts)}{about}: {named}.", *way)

    def _step(self, region: int, following: int) -> str:
        cut = self.tree_.cuts[region]
        assert cut is not None
        side = "at most" if following == self.tree_.sides[region][0] else "above"
        return f"component {cut.axis} {side} {cut.threshold:.2f}"


def _main_subjects(tree: Tree, leaves: NDArray[np.int64], subjects: tuple[str, ...]) -> tuple[str, ...]:
    """Per region the subjects that most of its questions have; ties in alphabetical order."""
    counted = [Counter[str]() for _ in tree.cuts]
    for leaf, subject in zip(leaves, subjects, strict=True):
        if subject:
            for step in tree.path(int(leaf)):
                counted[step][subject] += 1
    return tuple(
        " and ".join(sorted(counter, key=lambda s: (-counter[s], s))[:_SUBJECTS]) for counter in counted
    )
