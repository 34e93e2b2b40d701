"""Boosted trees as plain arrays, so that those of a file can be checked before they are used.

scikit-learn follows the numbers in a tree's nodes without a look at their range, so that a damaged or
crafted file could read foreign memory; skops therefore refuses its trees as objects. Knows scikit-learn's
way to hold trees, which may change with its minor version (`experts.saving` refuses another one), and no
folder.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.void]
"""(all nodes) records of scikit-learn's PREDICTOR_RECORD_DTYPE, tree after tree."""


def as_arrays(trees: Any) -> dict[str, Any]:
    """What `from_arrays` takes.

    Args:
        trees: a fitted HistGradientBoostingClassifier of two classes or -Regressor, without categories.
    """
    grown = [tree.nodes for [tree] in trees._predictors]
    bare = copy.copy(trees)
    bare._predictors = []
    sizes = np.array([len(nodes) for nodes in grown], dtype=np.int64)
    return {"bare": bare, "nodes": np.concatenate(grown), "sizes": sizes}


def from_arrays(state: Mapping[str, Any]) -> Any:
    """The fitted trees.

    Raises:
        KeyError: something is lacking.
        TypeError, ValueError: it holds something else, or a tree that leads astray.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    bare, nodes, sizes = state["bare"], state["nodes"], np.asarray(state["sizes"], dtype=np.int64)
    if not isinstance(bare, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        raise TypeError(f"boosted trees are needed, got {type(bare).__name__}")
    _check(nodes, sizes, int(bare.n_features_in_))
    trees = copy.copy(bare)
    no_categories = np.zeros((0, 8), dtype=np.uint32)
    parts = np.split(nodes, np.cumsum(sizes)[:-1])
    trees._predictors = [[TreePredictor(part, no_categories, no_categories)] for part in parts]
    return trees


def _check(nodes: Nodes, sizes: NDArray[np.int64], features: int) -> None:
    """Every step from a node leads further down in its own tree and asks for a feature that there is."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1:
        raise TypeError("the nodes of trees are not what they should be")
    if sizes.ndim != 1 or not len(sizes) or (sizes < 1).any() or sizes.sum() != len(nodes):
        raise ValueError("the sizes of trees do not fit their nodes")
    number = np.arange(len(nodes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    size = np.repeat(sizes, sizes)
    inner = nodes["is_leaf"] == 0
    steps = [(nodes[side] > number) & (nodes[side] < size) for side in ("left", "right")]
    known = (nodes["feature_idx"] >= 0) & (nodes["feature_idx"] < features) & (nodes["is_categorical"] == 0)
    if not (steps[0] & steps[1] & known)[inner].all():
        raise ValueError("a tree has a step to nowhere")
