"""How good probabilities are: expected calibration error and Brier skill per expert. Pure arrays.

Expected calibration error after Naeini et al. 2015 with equal-mass bins; Brier skill after Murphy 1973:
1 - Brier score / Brier score of always saying the expert's base rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BINS = 10
_SIMULATIONS = 20
_SEED = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quality:
    """Per expert of a pool, on the questions that it was run on."""

    calibration_error: Array
    """(m,) in [0, 1]; NaN where the expert was not run."""
    brier_skill: Array
    """(m,) at most 1, 0 = no better than the base rate."""
    log_loss: float
    """Mean over all runs, nats."""
    pool_error: float
    """Calibration error over the runs of all experts together: per expert a few hundred questions a bin
    leave two to three points of noise."""
    chance_error: float
    """The largest calibration error of an expert that perfect probabilities would show, by simulation."""


def quality(chances: Array, scores: Array, base_rates: Array) -> Quality:
    """Compare chances (n, m) with scores (n, m), NaN = not run.

    Args:
        chances: estimated probabilities.
        scores: in [0, 1], of questions that nothing was fitted on.
        base_rates: (m,) accuracy of each expert on the fitted questions.
    """
    run = ~np.isnan(scores)
    errors, skills = np.full(chances.shape[1], np.nan), np.full(chances.shape[1], np.nan)
    for j in range(chances.shape[1]):
        p, y = chances[run[:, j], j], scores[run[:, j], j]
        if len(y):
            errors[j] = calibration_error(p, y)
            base = float(np.mean((base_rates[j] - y) ** 2))
            skills[j] = 1.0 - float(np.mean((p - y) ** 2)) / base if base > 0 else 0.0
    held = np.clip(chances[run], 1e-6, 1 - 1e-6)
    loss = -(scores[run] * np.log(held) + (1 - scores[run]) * np.log1p(-held))
    return Quality(
        calibration_error=errors,
        brier_skill=skills,
        log_loss=float(loss.mean()),
        pool_error=calibration_error(chances[run], scores[run]),
        chance_error=_chance_error(chances, run),
    )


def _chance_error(chances: Array, run: NDArray[np.bool_]) -> float:
    """Mean over simulations of the worst expert's error where every chance is true."""
    rng = np.random.default_rng(_SEED)
    worst = []
    for _ in range(_SIMULATIONS):
        drawn = (rng.random(chances.shape) < chances).astype(np.float64)
        experts = [j for j in range(chances.shape[1]) if run[:, j].any()]
        worst.append(max(calibration_error(chances[run[:, j], j], drawn[run[:, j], j]) for j in experts))
    return float(np.mean(worst))


def calibration_error(chances: Array, scores: Array) -> float:
    """Mean over ten equally full bins of |mean chance - mean score|, weighted by size."""
    order = np.argsort(chances, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(float(chances[part].mean() - scores[part].mean())) * len(part) for part in bins]
    return sum(gaps) / len(order)
