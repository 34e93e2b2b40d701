"""The estimate of a vote's chance against simulated votes, and the policy that uses it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routers.policies.choose import choose
from routers.policies.config import ThresholdPolicyConfig
from routers.policies.policy_input import PolicyInput
from routers.policies.vote_chance import AGREEMENT, vote_chance, vote_weights


@given(p=st.floats(0.02, 0.98), q=st.floats(0.02, 0.98), difficulty=st.sampled_from([0.0, 0.3, 0.6]))
@settings(deadline=None)
def test_one_voter_is_right_by_its_chance_and_a_second_changes_nothing(p, q, difficulty) -> None:
    found = vote_chance(np.array([[max(p, q), min(p, q)]]), difficulty)[0]
    assert found[0] == pytest.approx(max(p, q), abs=0.01)
    assert found[1] == pytest.approx(found[0], abs=1e-9)


def test_three_independent_voters_agree_with_a_simulation() -> None:
    p = np.array([0.7, 0.6, 0.55])
    rng = np.random.default_rng(0)
    n = 200_000
    right = rng.random((n, 3)) < p
    together = rng.random(n) < AGREEMENT
    weights = vote_weights(p[None])[0]
    behind = (right * weights).sum(axis=1)
    apart = (~right * weights).max(axis=1)
    won = behind > np.where(together, (~right * weights).sum(axis=1), apart)
    assert vote_chance(p[None], 0.0)[0, 2] == pytest.approx(won.mean(), abs=0.005)


def test_a_shared_difficulty_makes_votes_worth_less() -> None:
    p = np.array([[0.6, 0.6, 0.6, 0.6, 0.6]])
    assert vote_chance(p, 0.6)[0, 4] < vote_chance(p, 0.2)[0, 4] < vote_chance(p, 0.0)[0, 4]


def test_rows_do_not_depend_on_each_other() -> None:
    p = -np.sort(-np.random.default_rng(0).random((3000, 3)), axis=1)
    np.testing.assert_array_equal(vote_chance(p)[2500:], vote_chance(p[2500:]))


def test_a_sure_query_gets_one_expert_and_an_unsure_one_more() -> None:
    known = PolicyInput(
        experts=tuple("abcde"), chances=np.array([[0.9, 0.2, 0.2, 0.2, 0.2], [0.6, 0.6, 0.6, 0.6, 0.6]])
    )
    chosen = choose(ThresholdPolicyConfig(kind="threshold", chance=0.63), known, 1)
    assert [len(picks) for picks in chosen] == [1, 3]
    assert chosen[1] == (0, 1, 2)


def test_where_nothing_reaches_the_threshold_helpers_that_do_not_help_are_spared() -> None:
    known = PolicyInput(experts=("a", "b", "c"), chances=np.array([[0.5, 0.05, 0.05]]))
    assert choose(ThresholdPolicyConfig(kind="threshold", chance=0.99), known, 3) == [(0,)]


@given(seed=st.integers(0, 10_000), low=st.floats(0.3, 0.6), high=st.floats(0.6, 0.95))
@settings(max_examples=30, deadline=None)
def test_a_higher_threshold_takes_no_fewer_experts_where_it_is_reached(make_batch, seed, low, high) -> None:
    known = replace(make_batch(seed), error_correlation=None)
    few = choose(ThresholdPolicyConfig(kind="threshold", chance=low), known, 1)
    many = choose(ThresholdPolicyConfig(kind="threshold", chance=high), known, 1)
    ordered = -np.sort(-known.chances, axis=1)
    reached = (vote_chance(ordered) >= high).any(axis=1)
    assert all(len(a) <= len(b) for a, b, ok in zip(few, many, reached, strict=True) if ok)
