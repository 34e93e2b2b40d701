"""Where the fit of a low-rank model begins: at a linear solution.

The models are not convex, so that the start decides where the fit ends; this one needs no seed.
"""

from __future__ import annotations

import numpy as np

from routers.likelihood import Array
from routers.training_data import TrainingData, expert_means, filled

_RIDGE = 3.0
"""Penalty of the linear solution; only a start."""
_LOGITS_PER_CHANCE = 4.0
"""Slope of the logit at a chance of a half: from differences of chances to logits."""


def linear_directions(inputs: Array, data: TrainingData) -> Array:
    """(d, m): what to multiply `inputs` (n, d), of mean 0, by for the logits of experts above their mean."""
    from sklearn.linear_model import Ridge

    residuals = filled(data.scores) - expert_means(data.scores)
    coefficients = Ridge(alpha=_RIDGE, fit_intercept=False).fit(inputs, residuals).coef_
    directions: Array = (
        _LOGITS_PER_CHANCE * np.asarray(coefficients, dtype=np.float64).reshape(-1, inputs.shape[1]).T
    )
    return directions


def low_rank(matrix: Array, rank: int) -> tuple[Array, Array]:
    """Factors (d, r) and (m, r), alike in size, whose product is nearest to `matrix` (d, m)."""
    left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
    kept = min(rank, len(sizes))
    root = np.sqrt(sizes[:kept])
    return left[:, :kept] * root, right[:kept].T * root
