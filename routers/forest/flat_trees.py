"""Trees as flat arrays, walked down by all questions and all trees at once.

scikit-learn's own `predict` goes from tree to tree in Python, which takes 5 ms for a single question.
Knows coordinates and values, no vectors and no experts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesRegressor

_BLOCK = 256
"""Questions at once: what 100 trees need for them stays within the size of a cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlatTrees:
    """The nodes of all trees, one after the other. A leaf leads to itself."""

    roots: NDArray[np.int64]
    """(t,) node at which each tree begins."""
    axes: NDArray[np.int64]
    """(nodes,) coordinate that is compared."""
    thresholds: Vectors
    """(nodes,) float32: up to it, a question goes left."""
    children: NDArray[np.int64]
    """(2 * nodes,) of node i the left one at 2i, the right one at 2i + 1."""
    depth: int
    """Steps from the root to the deepest leaf."""
    leaves: NDArray[np.int64]
    """(nodes,) row of a leaf in `values`; -1 of inner nodes."""
    values: Vectors
    """(leaves, m) float32: mean scores of the questions in a leaf."""
    sizes: NDArray[np.int64]
    """(leaves,) how many questions these are."""

    @classmethod
    def of(cls, forest: ExtraTreesRegressor) -> FlatTrees:
        """The trees of a fitted forest with m outputs."""
        trees = [estimator.tree_ for estimator in forest.estimators_]
        ends = np.cumsum([tree.node_count for tree in trees])
        roots = np.concatenate([[0], ends[:-1]])
        children = np.concatenate(
            [
                np.stack([tree.children_left, tree.children_right], axis=1) + root
                for tree, root in zip(trees, roots, strict=True)
            ]
        )
        axes = np.concatenate([tree.feature for tree in trees])
        leaf = axes < 0
        children[leaf] = np.flatnonzero(leaf)[:, None]
        values = np.concatenate([tree.value[:, :, 0] for tree in trees])
        sizes = np.concatenate([tree.n_node_samples for tree in trees])
        return cls(
            roots=roots,
            axes=np.where(leaf, 0, axes),
            thresholds=_rounded_down(np.concatenate([tree.threshold for tree in trees])),
            children=children.ravel(),
            depth=max(tree.max_depth for tree in trees),
            leaves=np.where(leaf, np.cumsum(leaf) - 1, -1),
            values=values[leaf].astype(np.float32),
            sizes=sizes[leaf],
        )

    def find(self, points: Vectors) -> NDArray[np.int64]:
        """(n, t) row in `values` of the leaf that each point (n, d) reaches in each tree."""
        found = np.empty((len(points), len(self.roots)), dtype=np.int64)
        for start in range(0, len(points), _BLOCK):
            block = np.ascontiguousarray(points[start : start + _BLOCK])
            found[start : start + _BLOCK] = self._find(block)
        return found

    def mean(self, points: Vectors) -> NDArray[np.float64]:
        """(n, m) mean over the trees of the values in the leaf reached."""
        from scipy.sparse import csr_array

        n, trees = len(points), len(self.roots)
        # A product with a sparse matrix of ones adds up rows without gathering them first.
        reached = csr_array(
            (
                np.ones(n * trees, np.float32),
                self.find(points).ravel(),
                np.arange(0, n * trees + 1, trees),
            ),
            shape=(n, len(self.values)),
        )
        means: NDArray[np.float64] = (reached @ self.values).astype(np.float64) / trees
        return means

    def state(self) -> dict[str, Any]:
        """What `from_state` takes."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> FlatTrees:
        """From what `state` gave."""
        return cls(**state)

    def _find(self, block: Vectors) -> NDArray[np.int64]:
        flat = block.ravel()
        base = np.repeat(np.arange(len(block)) * block.shape[1], len(self.roots))
        nodes = np.tile(self.roots, len(block))
        for _ in range(self.depth):
            right = flat.take(base + self.axes.take(nodes)) > self.thresholds.take(nodes)
            nodes = self.children.take(2 * nodes + right)
        return self.leaves.take(nodes).reshape(len(block), -1)


def _rounded_down(thresholds: NDArray[np.float64]) -> Vectors:
    """The highest float32 up to each number: float32 coordinates compare with it in the same way."""
    nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    rounded: Vectors = np.where(nearest.astype(np.float64) > thresholds, lower, nearest)
    return rounded
