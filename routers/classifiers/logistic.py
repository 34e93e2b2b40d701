"""Logistic regressions that share their inputs and lean on each other, fitted at once.

The penalty pulls what is an expert's own harder than what all have in common (regularised multi-task
learning, Evgeniou and Pontil, KDD 2004): what makes a question hard is hard for all. scikit-learn
fits one output with labels 0 and 1 at a time; here outputs are means of several samples in [0, 1],
and cells are missing. Knows no experts and no questions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routers.training_data import Scores, expert_means

Weights = NDArray[np.float64]
"""(d + 1, m): rows per input, the last one the intercepts."""

_INTERCEPT_STRENGTH = 0.1
"""Penalty on an intercept's distance from the logit of the mean, so that all right stays finite."""


def fit_logistic(
    inputs: NDArray[np.float32],
    scores: Scores,
    strength: float,
    *,
    apart: float = 1.0,
    start: Weights | None = None,
) -> Weights:
    """The weights with the least log-loss plus penalties.

    Penalties are strength / 2 times the squares of the outputs' mean weights (once an output), and
    apart * strength / 2 times the squares of each output's distance from that mean.

    Args:
        inputs: (n, d).
        scores: (n, m) in [0, 1]; NaN = not run, without influence.
        strength: of the L2 penalty, above 0; the intercepts are drawn weakly to the outputs' means.
        apart: how much harder own weights are pulled than common ones; 1: plain L2.
        start: weights to start from; None: the means.

    Returns:
        Weights (d + 1, m).
    """
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    run = ~np.isnan(scores)
    known = np.where(run, scores, 0.0)
    means = logit(expert_means(scores))
    shape = (inputs.shape[1] + 1, scores.shape[1])
    at_means = np.zeros(shape)
    at_means[-1] = means

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        logits = (inputs @ weights[:-1].astype(np.float32)).astype(np.float64) + weights[-1]
        value = (np.logaddexp(0.0, logits) - known * logits)[run].sum()
        error = np.where(run, expit(logits) - known, 0.0)
        drift = weights[-1] - means
        shared = weights[:-1].mean(axis=1, keepdims=True)
        pull = strength * (apart * (weights[:-1] - shared) + shared)
        value += (pull * weights[:-1]).sum() / 2 + _INTERCEPT_STRENGTH / 2 * (drift**2).sum()
        gradient = np.empty(shape)
        gradient[:-1] = inputs.T @ error.astype(np.float32) + pull
        gradient[-1] = error.sum(axis=0) + _INTERCEPT_STRENGTH * drift
        return float(value), gradient.ravel()

    first = at_means if start is None else start
    found = minimize(
        loss, first.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200, "ftol": 1e-7, "gtol": 1e-3}
    )
    weights: Weights = found.x.reshape(shape)
    return weights


def log_loss(chances: NDArray[np.float64], scores: Scores) -> float:
    """Mean cross-entropy, in nats, over the cells that were run; NaN where none was."""
    run = ~np.isnan(scores)
    known, guess = scores[run], np.clip(chances[run], 1e-6, 1 - 1e-6)
    return float(-(known * np.log(guess) + (1 - known) * np.log1p(-guess)).mean()) if run.any() else np.nan
