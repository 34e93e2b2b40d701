from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from experts.errors import RouterError
from routers.two_step.assignment import assign


def brute_force(
    cost: NDArray[np.float64], sizes: NDArray[np.float64], budget: float, max_experts: int
) -> float:
    """Least cost over all subsets of experts."""
    subsets = (list(s) for k in range(1, max_experts + 1) for s in combinations(range(cost.shape[1]), k))
    return min(float(cost[:, s].min(axis=1).sum()) for s in subsets if sizes[s].sum() <= budget)


@settings(max_examples=60, deadline=None)
@given(
    categories=st.integers(1, 6),
    experts=st.integers(1, 5),
    seed=st.integers(0, 10_000),
    room=st.floats(0, 1),
    data=st.data(),
)
def test_the_map_is_as_good_as_the_best_of_all_subsets(
    categories: int, experts: int, seed: int, room: float, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    loss, shares = rng.random((categories, experts)), rng.random(categories)
    sizes = rng.integers(1, 90, experts).astype(np.float64)
    budget = float(sizes.min() + room * (sizes.sum() - sizes.min()))
    max_experts = data.draw(st.integers(1, experts))
    mapped = assign(loss, shares, sizes=sizes, budget=budget, max_experts=max_experts)
    used = np.unique(mapped)
    assert sizes[used].sum() <= budget + 1e-9 and len(used) <= max_experts
    cost = loss * shares[:, None]
    found = cost[np.arange(categories), mapped].sum()
    assert found == pytest.approx(brute_force(cost, sizes, budget, max_experts), abs=1e-6)


def test_without_limits_every_category_gets_its_best_and_ties_go_to_the_first() -> None:
    loss = np.array([[0.5, 0.2, 0.2], [0.1, 0.1, 0.9]])
    np.testing.assert_array_equal(assign(loss, np.ones(2)), [1, 0])


def test_one_expert_only_is_the_best_by_shares() -> None:
    loss = np.array([[0.0, 0.5], [1.0, 0.4]])
    assert set(assign(loss, np.array([0.9, 0.1]), max_experts=1)) == {0}
    assert set(assign(loss, np.array([0.1, 0.9]), max_experts=1)) == {1}


def test_a_budget_below_the_smallest_expert_is_refused() -> None:
    with pytest.raises(RouterError, match=r"budget of 3: the smallest has 7\. Raise"):
        assign(np.zeros((2, 2)), np.ones(2), sizes=np.array([9.0, 7.0]), budget=3)


def test_no_map_in_time_is_an_error_with_a_way_out() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(RouterError, match=r"found in 0 s .*Take fewer"):
        assign(rng.random((24, 12)), np.ones(24), max_experts=4, time_limit_s=0)


def test_a_pool_of_real_size_is_solved() -> None:
    rng = np.random.default_rng(0)
    loss = rng.random((24, 12))
    assert len(set(assign(loss, np.ones(24), max_experts=4))) == 4
