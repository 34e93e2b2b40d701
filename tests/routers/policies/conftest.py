"""Random batches of estimates and costs, for all tests of policies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from routers.policies.policy_input import PolicyInput

MakeBatch = Callable[..., PolicyInput]


def batch(seed: int, n: int = 40, m: int = 5) -> PolicyInput:
    """n queries and m experts with everything known and no two chances equal."""
    rng = np.random.default_rng(seed)
    return PolicyInput(
        experts=tuple(f"expert-{i}" for i in range(m)),
        chances=rng.beta(2, 2, (n, m)),
        tokens=rng.gamma(2, 200, (n, m)),
        seconds_per_token=rng.uniform(0.005, 0.05, m),
        usd_per_token=rng.uniform(1e-7, 1e-5, m),
        memory_gib=rng.uniform(4, 40, m),
        novelty=rng.random(n),
        error_correlation=np.full((m, m), 0.3) + 0.7 * np.eye(m),
        accuracies=rng.uniform(0.3, 0.7, m),
    )


@pytest.fixture(scope="session")
def make_batch() -> MakeBatch:
    return batch
