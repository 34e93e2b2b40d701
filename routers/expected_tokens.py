"""How many tokens each expert will spend on a question: ridge regression of log tokens on its vector.

Where nothing was logged, NaN. Pure arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from experts.outcomes import OutcomeMatrix
from routers.estimator import State

Array = NDArray[np.float64]
_RIDGE = 10.0
"""L2 penalty on vectors of length 1; flat between 3 and 30 on MMLU-Pro's lengths."""
_ENOUGH = 30
"""With fewer logged questions an expert's mean is all that is learned."""


def mean_tokens(outcomes: OutcomeMatrix) -> Array:
    """(n, m) mean completion tokens over the samples that were logged; NaN where none was."""
    logged = ~np.isnan(outcomes.tokens)
    total = np.where(logged, outcomes.tokens, 0.0).sum(axis=2)
    means: Array = np.full(total.shape, np.nan)
    np.divide(total, logged.sum(axis=2), out=means, where=logged.any(axis=2))
    return means


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedTokens:
    """log(1 + tokens) = vector @ weights + intercept, corrected so that means come out right."""

    weights: Array
    """(d, m)."""
    intercept: Array
    """(m,); NaN where nothing was logged."""
    scale: Array
    """(m,) mean tokens over mean of what the exponential gives."""

    @classmethod
    def fit(cls, vectors: Vectors, tokens: Array) -> ExpectedTokens:
        """Fit on vectors (n, d) and tokens (n, m), NaN = unknown."""
        x = vectors.astype(np.float64)
        weights = np.zeros((x.shape[1], tokens.shape[1]))
        intercept = np.full(tokens.shape[1], np.nan)
        scale = np.ones(tokens.shape[1])
        logged = ~np.isnan(tokens)
        for columns in _alike(logged):
            rows = logged[:, columns[0]]
            if not rows.any():
                continue
            y = np.log1p(tokens[rows][:, columns])
            centre, middle = x[rows].mean(axis=0), y.mean(axis=0)
            if rows.sum() >= _ENOUGH:
                z = x[rows] - centre
                gram = z.T @ z + _RIDGE * np.eye(x.shape[1])
                weights[:, columns] = np.linalg.solve(gram, z.T @ (y - middle))
            intercept[columns] = middle - centre @ weights[:, columns]
            given = np.expm1(x[rows] @ weights[:, columns] + intercept[columns]).mean(axis=0)
            scale[columns] = tokens[rows][:, columns].mean(axis=0) / np.maximum(given, 1e-9)
        return cls(weights, intercept, scale)

    def predict(self, vectors: Vectors) -> Array:
        """(n, m) expected tokens; NaN = unknown."""
        log = vectors.astype(np.float64) @ self.weights + self.intercept
        tokens: Array = np.maximum(np.expm1(np.minimum(log, 20.0)), 0.0) * self.scale
        return tokens

    def state(self) -> State:
        """For saving."""
        return {"weights": self.weights, "intercept": self.intercept, "scale": self.scale}

    @classmethod
    def restore(cls, state: Any) -> ExpectedTokens:
        """What `state` gave."""
        return cls(*(np.asarray(state[name]) for name in ("weights", "intercept", "scale")))


def _alike(logged: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Columns grouped by which rows they have, so that each group is one solve."""
    groups: dict[bytes, list[int]] = {}
    for j in range(logged.shape[1]):
        groups.setdefault(logged[:, j].tobytes(), []).append(j)
    return [np.array(group, dtype=np.int64) for group in groups.values()]
