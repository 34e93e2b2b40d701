"""What holds for every policy, and what each plain one does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experts.errors import RouterError
from routers.policies.choose import choose
from routers.policies.config import (
    BudgetPolicyConfig,
    DiversePolicyConfig,
    FallbackPolicyConfig,
    GuardPolicyConfig,
    Limits,
    PolicyConfig,
    RepeatPolicyConfig,
    ThresholdPolicyConfig,
    TopKPolicyConfig,
)
from routers.policies.policy_input import PolicyInput

POLICIES: list[PolicyConfig] = [
    TopKPolicyConfig(),
    ThresholdPolicyConfig(kind="threshold", chance=0.8),
    BudgetPolicyConfig(kind="budget", per_query=Limits(tokens=3000)),
    BudgetPolicyConfig(kind="budget", per_batch=Limits(tokens=30_000, usd=1.0)),
    BudgetPolicyConfig(kind="budget", per_batch=Limits(memory_gib=80)),
    DiversePolicyConfig(kind="diverse"),
    GuardPolicyConfig(kind="guard"),
    FallbackPolicyConfig(kind="fallback", quantile=0.5),
    FallbackPolicyConfig(kind="fallback", inner=GuardPolicyConfig(kind="guard")),
]
NAMES = [f"{i}-{policy.kind}" for i, policy in enumerate(POLICIES)]
every_policy = pytest.mark.parametrize("policy", POLICIES, ids=NAMES)


@every_policy
@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_every_query_gets_distinct_experts_the_same_each_time(make_batch, policy, seed, k) -> None:
    known = make_batch(seed)
    chosen = choose(policy, known, k)
    assert len(chosen) == len(known.chances)
    for picks in chosen:
        assert 1 <= len(picks) == len(set(picks)) <= 5
        assert set(picks) <= set(range(5))
    assert chosen == choose(policy, known, k)


@every_policy
@given(seed=st.integers(0, 10_000), k=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_another_order_of_experts_changes_only_their_numbers(make_batch, policy, seed, k) -> None:
    known = make_batch(seed)
    order = np.random.default_rng(seed).permutation(5)
    moved = PolicyInput(
        experts=tuple(known.experts[i] for i in order),
        chances=known.chances[:, order],
        tokens=known.tokens[:, order],
        seconds_per_token=known.seconds_per_token[order],
        usd_per_token=known.usd_per_token[order],
        memory_gib=known.memory_gib[order],
        novelty=known.novelty,
        error_correlation=known.error_correlation[np.ix_(order, order)],
        accuracies=known.accuracies[order],
    )
    back = [tuple(int(order[i]) for i in picks) for picks in choose(policy, moved, k)]
    assert back == choose(policy, known, k)


@pytest.mark.parametrize("policy", [POLICIES[0], POLICIES[2], POLICIES[5], POLICIES[6], POLICIES[7]])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_more_experts_are_added_and_none_taken_away(make_batch, policy, seed) -> None:
    known = make_batch(seed)
    for k in range(1, 5):
        for fewer, more in zip(choose(policy, known, k), choose(policy, known, k + 1), strict=True):
            assert set(fewer) <= set(more)
            assert len(more) <= k + 1


@every_policy
def test_the_batch_is_empty_or_of_one(make_batch, policy) -> None:
    assert choose(policy, make_batch(1, n=0), 2) == []
    assert len(choose(policy, make_batch(1, n=1), 2)) == 1


def test_equal_chances_are_taken_in_configuration_order() -> None:
    known = PolicyInput(
        experts=("a", "b", "c"), chances=np.array([[0.5, 0.5, 0.5], [0.2, 0.9, 0.9]]), accuracies=np.ones(3)
    )
    assert choose(TopKPolicyConfig(), known, 2) == [(0, 1), (1, 2)]
    assert choose(GuardPolicyConfig(kind="guard"), known, 1) == [(0,), (1,)]
    correlated = replace(known, error_correlation=np.eye(3))
    assert choose(DiversePolicyConfig(kind="diverse"), correlated, 2)[0] == (0, 1)


@given(seed=st.integers(0, 10_000), k=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_repeat_asks_the_likeliest_expert_k_times(make_batch, seed, k) -> None:
    known = make_batch(seed)
    best = [picks[0] for picks in choose(TopKPolicyConfig(), known, 1)]
    assert choose(RepeatPolicyConfig(kind="repeat"), known, k) == [(expert,) * k for expert in best]


def test_repeat_inside_another_policy_asks_whom_that_puts_first(make_batch) -> None:
    known, repeat = make_batch(3), RepeatPolicyConfig(kind="repeat")
    first = choose(GuardPolicyConfig(kind="guard", margin=1.0), known, 1)
    guarded = choose(GuardPolicyConfig(kind="guard", margin=1.0, inner=repeat), known, 7)
    assert guarded == [picks * 7 for picks in first]
    with pytest.raises(RouterError, match="k must be between 1 and 5"):
        choose(repeat, known, 0)


@pytest.mark.parametrize("k", [0, 6])
def test_k_outside_the_pool_is_refused(make_batch, k) -> None:
    with pytest.raises(RouterError, match="k must be between 1 and 5"):
        choose(TopKPolicyConfig(), make_batch(0), k)


def test_input_with_wrong_shapes_or_scores_is_refused() -> None:
    with pytest.raises(RouterError, match=r"shape \(queries, 2\)"):
        PolicyInput(experts=("a", "b"), chances=np.zeros((3, 3)))
    with pytest.raises(RouterError, match=r"chances in \[0, 1\]"):
        PolicyInput(experts=("a", "b"), chances=np.array([[0.5, 1.5]]))
    with pytest.raises(RouterError, match=r"chances in \[0, 1\]"):
        PolicyInput(experts=("a", "b"), chances=np.array([[0.5, np.nan]]))
    with pytest.raises(RouterError, match="memory_gib must have shape"):
        PolicyInput(experts=("a", "b"), chances=np.zeros((3, 2)), memory_gib=np.ones(3))


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        (DiversePolicyConfig(kind="diverse"), "correlation"),
        (GuardPolicyConfig(kind="guard"), "overall accuracies"),
        (FallbackPolicyConfig(kind="fallback"), "overall accuracies"),
    ],
)
def test_what_a_policy_lacks_is_named(policy, missing) -> None:
    with pytest.raises(RouterError, match=missing):
        choose(policy, PolicyInput(experts=("a",), chances=np.ones((2, 1))), 1)
