"""How unlike the fitted questions a question is: its distance to the nearest of a few centres.

Given as a share, so that a threshold means the same for every encoder. Pure arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.estimator import State

_CENTRES = 64
_STEPS = 100
"""Quantiles kept of the fitted questions' distances."""


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """Centres of the fitted questions and the quantiles of how near these lie to their own."""

    centres: NDArray[np.float32]
    """(c, d)."""
    quantiles: NDArray[np.float64]
    """(q,) ascending distances (1 - cosine) of the fitted questions."""

    @classmethod
    def fit(cls, vectors: Vectors) -> Novelty:
        """Fit on vectors (n, d) of length 1, in any order."""
        from sklearn.cluster import KMeans

        # k-means starts from drawn rows: sorted, so that the order of the questions does not matter.
        rows = vectors[np.lexsort(vectors.T[:8])]
        count = max(1, min(_CENTRES, len(np.unique(rows.round(5), axis=0)) // 4))
        centres = KMeans(count, n_init=1, random_state=0).fit(rows).cluster_centers_.astype(np.float32)
        distance = 1.0 - (vectors @ centres.T).max(axis=1)
        return cls(centres, np.quantile(distance, np.linspace(0.0, 1.0, _STEPS + 1)))

    def measure(self, vectors: Vectors) -> NDArray[np.float64]:
        """(n,) share of the fitted questions nearer to their centre than these to theirs."""
        if not len(vectors):
            return np.zeros(0)
        distance = 1.0 - (vectors @ self.centres.T).max(axis=1)
        share: NDArray[np.float64] = np.searchsorted(self.quantiles, distance) / (_STEPS + 1.0)
        return share

    def state(self) -> State:
        """For saving."""
        return {"centres": self.centres, "quantiles": self.quantiles}

    @classmethod
    def restore(cls, state: Any) -> Novelty:
        """What `state` gave."""
        return cls(np.asarray(state["centres"]), np.asarray(state["quantiles"]))
