"""A dominant expert is left only for a clear advantage; strange queries go by overall accuracy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.errors import RouterError
from routers.policies.choose import choose
from routers.policies.config import FallbackPolicyConfig, GuardPolicyConfig
from routers.policies.guard import tune_margin
from routers.policies.policy_input import PolicyInput

KNOWN = PolicyInput(
    experts=("a", "best", "c"),
    chances=np.array([[0.62, 0.60, 0.61], [0.80, 0.60, 0.10], [0.50, 0.60, 0.55]]),
    accuracies=np.array([0.4, 0.7, 0.5]),
    novelty=np.array([0.2, 0.999, np.nan]),
)


def test_the_best_expert_stays_first_unless_another_is_clearly_ahead() -> None:
    assert choose(GuardPolicyConfig(kind="guard", margin=0.05), KNOWN, 1) == [(1,), (0,), (1,)]
    assert choose(GuardPolicyConfig(kind="guard", margin=0.0), KNOWN, 1) == [(0,), (0,), (1,)]
    assert choose(GuardPolicyConfig(kind="guard", margin=1.0), KNOWN, 1) == [(1,)] * 3


def test_the_others_follow_in_their_own_order() -> None:
    assert choose(GuardPolicyConfig(kind="guard", margin=0.05), KNOWN, 3)[0] == (1, 0, 2)


def test_the_margin_is_wide_where_estimates_are_noise_and_narrow_where_they_are_right() -> None:
    rng = np.random.default_rng(0)
    truth = np.where(rng.random((2000, 1)) < 0.5, [[0.9, 0.4]], [[0.5, 0.8]])
    scores = (rng.random((2000, 2)) < truth).astype(float)
    assert tune_margin(truth, scores, best=0) <= 0.3
    noise = rng.uniform(0.2, 0.8, (2000, 2))
    dominant = (rng.random((2000, 2)) < [0.8, 0.4]).astype(float)
    assert tune_margin(noise, dominant, best=0) == 1.0


def test_tuning_leaves_out_what_was_not_run() -> None:
    chances = np.array([[0.1, 0.9]] * 8)
    scores = np.array([[0.0, 1.0]] * 4 + [[1.0, np.nan]] * 4)
    assert tune_margin(chances, scores, best=0) < 0.8
    assert tune_margin(chances, np.full((8, 2), np.nan), best=0) == 1.0
    with pytest.raises(RouterError, match="at least one question"):
        tune_margin(chances, scores[:, :1], best=0)


def test_a_strange_query_goes_to_the_generalist() -> None:
    assert choose(FallbackPolicyConfig(kind="fallback"), KNOWN, 2) == [(0, 2), (1, 2), (1, 2)]
    named = FallbackPolicyConfig(kind="fallback", expert="c")
    assert choose(named, KNOWN, 3)[1] == (2, 1, 0)
    assert choose(named, replace(KNOWN, novelty=None), 1) == [(0,), (0,), (1,)]


def test_a_generalist_outside_the_pool_is_refused() -> None:
    with pytest.raises(RouterError, match="'zed' is not in the pool: name one of a, best, c"):
        choose(FallbackPolicyConfig(kind="fallback", expert="zed"), KNOWN, 1)
