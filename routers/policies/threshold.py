"""As few experts as the wanted certainty needs. Knows no costs and no router."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routers.policies.config import ThresholdPolicyConfig
from routers.policies.policy_input import PolicyInput
from routers.policies.vote_chance import DIFFICULTY, vote_chance


def experts_needed(config: ThresholdPolicyConfig, given: PolicyInput) -> NDArray[np.int64]:
    """(n,) how many of the best experts each query needs, 1 to min(max_experts, m).

    A second vote never decides against the first, so that the numbers are mostly 1, 3 and 5.
    """
    most = min(config.max_experts, len(given.experts))
    needed = np.ones(len(given.chances), dtype=np.int64)
    # A vote of one is right with the expert's own chance, which most queries need not go beyond.
    unsure = given.chances.max(axis=1) < config.chance
    ordered = -np.sort(-given.chances[unsure], axis=1)[:, :most]
    chance = vote_chance(ordered, difficulty(given))
    reached = chance >= config.chance
    # Rounded, so that numbers of experts that differ by rounding errors only count as equal.
    highest = chance.round(6).argmax(axis=1)
    needed[unsure] = np.where(np.any(reached, axis=1), reached.argmax(axis=1), highest) + 1
    return needed


def difficulty(given: PolicyInput) -> float:
    """Mean correlation of errors on the latent scale, where it was measured.

    The median threshold's relation of Pearson's phi to the tetrachoric correlation, sin(pi/2 phi).
    """
    if given.error_correlation is None or len(given.experts) < 2:
        return DIFFICULTY
    between = given.error_correlation[~np.eye(len(given.experts), dtype=bool)]
    return float(np.clip(np.sin(np.pi / 2 * between.mean()), 0.0, 0.95))
