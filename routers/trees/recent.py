"""Feedback that leaves of a tree keep, so that they can be cut where experts came to differ."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from routers.likelihood import Array
from routers.training_data import Scores


class Recent:
    """The last feedback of every leaf.

    Args:
        memory: most questions kept a leaf.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self._kept: dict[int, deque[tuple[Array, Array]]] = {}
        self._since: dict[int, int] = {}

    def add(self, leaf: int, point: Array, scores: Array) -> None:
        """Keep one question: its coordinates (d,) and scores (m,)."""
        self._kept.setdefault(leaf, deque(maxlen=self.memory)).append((point, scores))
        self._since[leaf] = self._since.get(leaf, 0) + 1

    def due(self, leaf: int, every: int) -> bool:
        """Whether so many came since this was last so."""
        if self._since.get(leaf, 0) < every:
            return False
        self._since[leaf] = 0
        return True

    def of(self, leaf: int) -> tuple[Array, Scores]:
        """Coordinates (n, d) and scores (n, m) of a leaf that has any, oldest first."""
        points, scores = zip(*self._kept[leaf], strict=True)
        return np.array(points), np.array(scores)

    def divide(self, leaf: int, left: NDArray[np.bool_], sides: tuple[int, int]) -> None:
        """Hand what a leaf keeps to the two leaves that it was cut into."""
        for item, goes_left in zip(self._kept.pop(leaf), left, strict=True):
            self.add(sides[0] if goes_left else sides[1], *item)
        del self._since[leaf]
        self._since.update(dict.fromkeys(sides, 0))

    def state(self) -> dict[str, Any]:
        """All of it, as `restore` takes it."""
        items = [(leaf, *item) for leaf, kept in self._kept.items() for item in kept]
        return {
            "leaves": [leaf for leaf, _, _ in items],
            "points": np.array([point for _, point, _ in items]),
            "scores": np.array([scores for _, _, scores in items]),
            "since": [[leaf, count] for leaf, count in self._since.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Take what `state` gave."""
        for leaf, point, scores in zip(state["leaves"], state["points"], state["scores"], strict=True):
            self.add(leaf, point, scores)
        self._since = {leaf: count for leaf, count in state["since"]}
        return self
