"""From raw chances to probabilities: logistic regression per expert, fitted on left-out questions.

Platt's scaling (1999) of one estimator, or stacking (Wolpert 1992) of several. Each has two slopes: one
for how easy the question looks (the mean log-odds over the pool), one for how much better than the pool
the expert looks. The second is what routing acts on, and the larger part of it is noise: the largest of
many noisy differences is too large, and only a slope of its own can shrink differences without blurring
difficulty (our own reason; measured in docs/experiments.md). Each expert's numbers are drawn to the
pool's. Pure arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routers.estimator import Chances, State
from routers.training_data import Scores

Array = NDArray[np.float64]
_CLIP = 1e-4
"""Raw chances are held this far from 0 and 1."""
_PULL = 20.0
"""How strongly an expert's numbers are drawn to the pool's, in units of the curvature of a question."""
_STEPS = 30


def log_odds(chances: Chances) -> Array:
    """Logit of chances, held within four digits of certainty."""
    held = np.clip(chances, _CLIP, 1.0 - _CLIP)
    odds: Array = np.log(held) - np.log1p(-held)
    return odds


def sigmoid(odds: Array) -> Array:
    """Probabilities of log-odds."""
    p: Array = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
    return p


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """logit p = intercept + sum over estimators of ease * mean log-odds + lead * (own log-odds - mean)."""

    coefficients: Array
    """(m, 1 + 2e) per expert: the intercept, then ease and lead of each of e estimators."""

    @classmethod
    def fit(cls, chances: Sequence[Chances], scores: Scores) -> Calibration:
        """Fit to scores (n, m), NaN = not run.

        Args:
            chances: of each estimator (n, m), on questions that it had not seen.
            scores: in [0, 1].
        """
        design = _design(chances)
        run = ~np.isnan(scores)
        start = np.array([0.0, *[1.0 / len(chances)] * (2 * len(chances))])
        pool = _newton(design[run], scores[run], start, pull=1.0)
        rows = [
            _newton(design[run[:, j], j], scores[run[:, j], j], pool, pull=_PULL)
            for j in range(scores.shape[1])
        ]
        return cls(np.array(rows))

    def apply(self, chances: Sequence[Chances]) -> Chances:
        """Probabilities (n, m) from the chances of the same estimators."""
        odds = np.einsum("nmf,mf->nm", _design(chances), self.coefficients)
        return sigmoid(odds)

    def weights(self) -> Array:
        """(m, e) what each estimator's view of the expert's lead is worth."""
        return self.coefficients[:, 2::2]

    def state(self) -> State:
        """For saving."""
        return {"coefficients": self.coefficients}

    @classmethod
    def restore(cls, state: Any) -> Calibration:
        """What `state` gave."""
        return cls(np.asarray(state["coefficients"], dtype=np.float64))


def _design(chances: Sequence[Chances]) -> Array:
    """(n, m, 1 + 2e): 1, then per estimator the pool's mean log-odds and the expert's lead over it."""
    columns = [np.ones(chances[0].shape)]
    for estimate in chances:
        odds = log_odds(estimate)
        ease = np.broadcast_to(odds.mean(axis=1, keepdims=True), odds.shape)
        columns += [ease, odds - ease]
    return np.stack(columns, axis=-1)


def _newton(design: Array, target: Array, start: Array, *, pull: float) -> Array:
    """Logistic regression by Newton's method, drawn to `start` by a quadratic penalty."""
    weights = start.copy()
    penalty = pull * 0.25 * np.eye(len(start))
    for _ in range(_STEPS):
        p = sigmoid(design @ weights)
        gradient = design.T @ (p - target) + penalty @ (weights - start)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights
