"""Votes are sought from experts that err apart, and the correlation of errors is measured right."""

from __future__ import annotations

import numpy as np
import pytest

from routers.policies.choose import choose
from routers.policies.config import DiversePolicyConfig
from routers.policies.diversity import error_correlation
from routers.policies.policy_input import PolicyInput

DIVERSE = DiversePolicyConfig(kind="diverse")


def test_a_slightly_weaker_expert_that_errs_apart_is_preferred() -> None:
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = 0.95
    known = PolicyInput(
        experts=("best", "its twin", "apart", "weak"),
        chances=np.array([[0.7, 0.69, 0.67, 0.3]]),
        error_correlation=correlation,
    )
    assert choose(DIVERSE, known, 2) == [(0, 2)]
    uncorrelated = PolicyInput(experts=known.experts, chances=known.chances, error_correlation=np.eye(4))
    assert choose(DIVERSE, uncorrelated, 2) == [(0, 1)]


def test_correlation_is_of_what_chances_leave_unexplained() -> None:
    rng = np.random.default_rng(0)
    n = 20_000
    easy = rng.uniform(0.2, 0.8, n)
    same = rng.random(n)
    scores = np.stack([same < easy, same < easy, rng.random(n) < easy], axis=1).astype(float)
    found = error_correlation(scores, np.repeat(easy[:, None], 3, axis=1))
    assert found[0, 1] > 0.98
    assert abs(found[0, 2]) < 0.03
    np.testing.assert_array_equal(found, found.T)
    blind = error_correlation(scores, np.full((n, 3), 0.5))
    assert blind[0, 2] > 0.1


def test_pairs_with_few_common_questions_are_near_the_pools_mean() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.random((500, 1)) < 0.5) * np.ones((500, 4))
    scores[4:, 3] = np.nan
    scores[:4, 3] = 1 - scores[:4, 3]
    found = error_correlation(scores, np.full((500, 4), 0.5))
    assert found[0, 1] == pytest.approx(1.0, abs=0.01)
    assert found[0, 3] > 0.7
    never = np.full((500, 2), np.nan)
    np.testing.assert_array_equal(error_correlation(never, np.full((500, 2), 0.5)), np.eye(2))
