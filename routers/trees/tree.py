"""A binary tree of regions with the record of every expert in each: grown, looked up, kept up to date.

Knows coordinates and scores, no vectors and no names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routers.likelihood import Array
from routers.training_data import Scores
from routers.trees.splitting import Cut, Splitter, shrunk, sums

_ROOT_PRIOR_QUESTIONS = 2.0
"""What the pool's mean is worth, in questions, as the prior of an expert's overall."""


@dataclass(slots=True)
class Tree:
    """Regions by number, 0 the whole; lists have one entry a region and grow as regions are cut."""

    cuts: list[Cut | None] = field(default_factory=list)
    """None: a leaf."""
    sides: list[tuple[int, int]] = field(default_factory=list)
    """The regions left and right of the cut; (-1, -1) of a leaf."""
    parents: list[int] = field(default_factory=list)
    """The region around; -1 of the whole."""
    counts: list[Array] = field(default_factory=list)
    """(m, 2) right and run."""

    def add(self, parent: int, counts: Array) -> int:
        """A new leaf; its number."""
        self.cuts.append(None)
        self.sides.append((-1, -1))
        self.parents.append(parent)
        self.counts.append(counts)
        return len(self.cuts) - 1

    def split(self, region: int, cut: Cut, points: Array, scores: Scores) -> NDArray[np.bool_]:
        """Cut a leaf in two with the counts of these questions; which of them (n,) lie left."""
        left: NDArray[np.bool_] = points[:, cut.axis] <= cut.threshold
        self.cuts[region] = cut
        self.sides[region] = (
            self.add(region, sums(scores[left])),
            self.add(region, sums(scores[~left])),
        )
        return left

    def leaves(self, points: Array) -> NDArray[np.int64]:
        """The leaf (n,) that each point (n, d) lies in."""
        found = np.zeros(len(points), dtype=np.int64)
        # A region's number is higher than its parent's, so one pass in order is enough.
        for region, cut in enumerate(self.cuts):
            if cut is not None:
                here = found == region
                left, right = self.sides[region]
                found[here] = np.where(points[here, cut.axis] <= cut.threshold, left, right)
        return found

    def path(self, region: int) -> list[int]:
        """From the whole to a region."""
        steps = [region]
        while self.parents[steps[-1]] >= 0:
            steps.append(self.parents[steps[-1]])
        return steps[::-1]

    def chances(self, shrinkage: float) -> Array:
        """(regions, m): the mean score of each expert, drawn to that in the region around."""
        right, run = self.counts[0].sum(axis=0)
        pool = np.full(len(self.counts[0]), (right + 1.0) / (run + 2.0))
        means = [shrunk(self.counts[0], pool, _ROOT_PRIOR_QUESTIONS)]
        for parent, counts in zip(self.parents[1:], self.counts[1:], strict=True):
            means.append(shrunk(counts, means[parent], shrinkage))
        return np.array(means)

    def remember(self, region: int, scores: Array, memory: int) -> None:
        """Count the scores (m,) of one question in a region and all around it; what is old fades.

        A region holds at most `memory` questions an expert, of which each new one takes 1 / memory.
        """
        run = ~np.isnan(scores)
        new = sums(scores[None, :])
        for step in self.path(region):
            size = np.maximum(self.counts[step][:, 1], 1.0)
            kept = np.where(run, np.minimum(1.0, memory / size) * (1.0 - 1.0 / memory), 1.0)
            self.counts[step] = self.counts[step] * kept[:, None] + new


def grow(points: Array, scores: Scores, test: NDArray[np.bool_], splitter: Splitter) -> Tree:
    """A tree whose every cut routes better than none on the questions of `test` (n,).

    Args:
        points: (n, d), n >= 1.
        scores: (n, m); NaN = not run.
        test: which questions judge cuts; the others choose them. All are counted in the end.
        splitter: finds cuts.
    """
    tree = Tree()
    waiting = [(tree.add(-1, sums(scores)), np.arange(len(points)))]
    while waiting:
        region, rows = waiting.pop()
        prior = tree.chances(splitter.shrinkage)[region]
        cut = splitter.best_cut(points[rows], scores[rows], test[rows], prior)
        if cut is not None:
            left = tree.split(region, cut, points[rows], scores[rows])
            waiting += [(tree.sides[region][1], rows[~left]), (tree.sides[region][0], rows[left])]
    return tree
