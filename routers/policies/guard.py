"""The dominant-expert guard: the overall best expert stays first unless another is clearly better.

Knows no costs and no other policy: it changes what the policy inside sees.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError
from routers.policies.config import GuardPolicyConfig
from routers.policies.policy_input import Floats, PolicyInput

MARGINS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)
"""Margins that are tried; 1 = always the overall best."""
_CAUTION = 1.0
"""Standard errors that are taken off a gain before margins are compared."""


def guarded(config: GuardPolicyConfig, given: PolicyInput) -> PolicyInput:
    """The input with the overall best expert first wherever no advantage exceeds the margin.

    Its chance is raised there to the highest, by the margin at most; the order of the others stays.

    Raises:
        RouterError: the experts' accuracies are unknown.
    """
    return replace(given, chances=raised(given.chances, given.best_overall("guard"), config.margin))


def raised(chances: Floats, expert: int, margin: float | NDArray[np.float64]) -> Floats:
    """Chances (n, m) with `expert` first in rows where no other is ahead by more than `margin`."""
    highest = chances.max(axis=1)
    held = highest - chances[:, expert] <= margin
    # Lowering the others by a trifle makes it first among equals and keeps their order.
    result: Floats = np.where(held[:, None], chances * (1 - 1e-9), chances)
    result[held, expert] = highest[held]
    return result


def tune_margin(chances: Floats, scores: Floats, best: int) -> float:
    """The margin with the surest gain over the overall best expert on validation questions.

    Compares the mean paired gain less one standard error, so that a gain within the noise counts for
    nothing; margin 1, always the best expert, gains 0. The largest of equals.

    Args:
        chances: (n, m) estimated on questions that the router was not fitted on.
        scores: (n, m) in [0, 1]; NaN = not run, left out.
        best: index of the overall best expert, found on other questions.

    Raises:
        RouterError: the shapes differ or there is no question.
    """
    if chances.shape != scores.shape or not len(chances):
        raise RouterError(
            f"Tuning a margin needs chances and scores of one shape and at least one question, got "
            f"{chances.shape} and {scores.shape}."
        )
    found, margin = -np.inf, MARGINS[-1]
    for tried in reversed(MARGINS):
        pick = raised(chances, best, tried).argmax(axis=1)
        gain = scores[np.arange(len(scores)), pick] - scores[:, best]
        gain = gain[~np.isnan(gain)]
        if gain.size < 2:
            continue
        sure = float(gain.mean() - _CAUTION * gain.std(ddof=1) / np.sqrt(gain.size))
        if sure > found + 1e-12:
            found, margin = sure, tried
    return margin
