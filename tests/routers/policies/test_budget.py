"""Budgets are never exceeded, and are used well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experts.errors import RouterError
from routers.policies.choose import choose
from routers.policies.config import BudgetPolicyConfig, GuardPolicyConfig, Limits, TopKPolicyConfig
from routers.policies.policy_input import QUANTITIES, PolicyInput

AMOUNTS = {"tokens": (100, 2000), "seconds": (1, 50), "usd": (1e-5, 1e-2), "memory_gib": (5, 90)}


@st.composite
def limits(draw: st.DrawFn, scale: float) -> Limits:
    """Some quantities with a limit."""
    given = draw(st.sets(st.sampled_from(QUANTITIES), max_size=3))
    factor = {q: 1.0 if q == "memory_gib" else scale for q in given}
    return Limits(**{q: factor[q] * draw(st.floats(*AMOUNTS[q])) for q in given})


def spent(known: PolicyInput, chosen: list[tuple[int, ...]], quantity: str) -> list[float]:
    cost = known.cost(quantity)  # type: ignore[arg-type]
    return [sum(cost[row, list(picks)]) for row, picks in enumerate(chosen)]


@given(
    seed=st.integers(0, 10_000), k=st.integers(1, 4), query=limits(1.0), whole=limits(20.0), data=st.data()
)
@settings(max_examples=150, deadline=None)
def test_no_limit_is_ever_exceeded(make_batch, seed, k, query, whole, data) -> None:
    known = make_batch(seed, n=20, m=data.draw(st.integers(1, 6)))
    k = min(k, len(known.experts))
    if query == Limits() and whole == Limits():
        return
    config = BudgetPolicyConfig(kind="budget", per_query=query, per_batch=whole)
    try:
        chosen = choose(config, known, k)
    except RouterError as error:
        assert "budget" in str(error) or "GiB" in str(error)
        return
    assert all(1 <= len(picks) <= k for picks in chosen)
    for quantity in QUANTITIES:
        used = spent(known, chosen, quantity)
        if (limit := getattr(query, quantity)) is not None:
            assert max(used) <= limit * (1 + 1e-9)
        if (limit := getattr(whole, quantity)) is not None:
            distinct = sorted({i for picks in chosen for i in picks})
            held = sum(known.memory_gib[distinct]) if quantity == "memory_gib" else sum(used)
            assert held <= limit * (1 + 1e-9)


@given(seed=st.integers(0, 10_000), share=st.floats(0.5, 1.5))
@settings(max_examples=60, deadline=None)
def test_one_limit_is_refused_only_where_the_cheapest_do_not_fit(make_batch, seed, share) -> None:
    known = make_batch(seed, n=15, m=4)
    least = known.tokens.min(axis=1).sum()
    config = BudgetPolicyConfig(kind="budget", per_batch=Limits(tokens=float(least * share)))
    if share >= 1.0 + 1e-9:
        assert len(choose(config, known, 2)) == 15
    elif share < 1.0 - 1e-9:
        with pytest.raises(RouterError, match="does not fit its budget"):
            choose(config, known, 2)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_batch_budget_comes_within_one_query_of_the_best(make_batch, seed) -> None:
    """Against the exact optimum: the Lagrangian gap is at most one query's gain."""
    known = make_batch(seed, n=6, m=3)
    whole = (known.tokens.min(axis=1).sum() + known.tokens.max(axis=1).sum()) / 2
    chosen = choose(BudgetPolicyConfig(kind="budget", per_batch=Limits(tokens=float(whole))), known, 1)
    found = sum(known.chances[row, picks[0]] for row, picks in enumerate(chosen))
    grid = np.indices((3,) * 6).reshape(6, -1)
    rows = np.arange(6)[:, None]
    fits = known.tokens[rows, grid].sum(axis=0) <= whole
    assert found >= known.chances[rows, grid].sum(axis=0)[fits].max() - 1.0


def test_a_shared_budget_goes_where_a_dear_expert_helps() -> None:
    known = PolicyInput(
        experts=("cheap", "dear"),
        chances=np.array([[0.5, 0.55], [0.2, 0.9], [0.5, 0.52]]),
        tokens=np.array([[1.0, 10.0]] * 3),
    )
    config = BudgetPolicyConfig(kind="budget", per_batch=Limits(tokens=12.0))
    assert choose(config, known, 1) == [(0,), (1,), (0,)]


def test_equal_queries_share_what_the_budget_allows() -> None:
    known = PolicyInput(
        experts=("cheap", "dear"),
        chances=np.array([[0.4, 0.8]] * 10),
        tokens=np.array([[1.0, 11.0]] * 10),
    )
    chosen = choose(BudgetPolicyConfig(kind="budget", per_batch=Limits(tokens=40.0)), known, 1)
    assert sum(picks == (1,) for picks in chosen) == 3


def test_residents_are_those_that_complete_each_other() -> None:
    known = PolicyInput(
        experts=("good", "like good", "other"),
        chances=np.array([[0.9, 0.85, 0.1]] * 5 + [[0.2, 0.25, 0.8]] * 5),
        memory_gib=np.array([10.0, 10.0, 10.0]),
    )
    config = BudgetPolicyConfig(kind="budget", per_batch=Limits(memory_gib=20.0))
    assert choose(config, known, 1) == [(0,)] * 5 + [(2,)] * 5


@given(seed=st.integers(0, 10_000), limit=st.floats(45, 120))
@settings(max_examples=40, deadline=None)
def test_with_residents_fixed_the_choice_is_that_of_the_masked_pool(make_batch, seed, limit) -> None:
    known = make_batch(seed, n=30, m=6)
    chosen = choose(BudgetPolicyConfig(kind="budget", per_batch=Limits(memory_gib=limit)), known, 1)
    kept = sorted({i for picks in chosen for i in picks})
    masked = PolicyInput(
        experts=tuple(known.experts[i] for i in kept), chances=np.ascontiguousarray(known.chances[:, kept])
    )
    assert chosen == [(kept[picks[0]],) for picks in choose(TopKPolicyConfig(), masked, 1)]


def test_memory_and_tokens_of_a_batch_hold_together() -> None:
    """The best resident is too dear for the batch, so that another one is kept."""
    known = PolicyInput(
        experts=("wordy", "terse"),
        chances=np.array([[0.9, 0.6]] * 4),
        tokens=np.array([[100.0, 10.0]] * 4),
        memory_gib=np.array([10.0, 10.0]),
    )
    config = BudgetPolicyConfig(kind="budget", per_batch=Limits(memory_gib=10.0, tokens=50.0))
    assert choose(config, known, 1) == [(1,)] * 4


def test_an_expert_of_unknown_cost_is_not_chosen_and_the_message_says_so(make_batch) -> None:
    known = make_batch(3)
    tokens = known.tokens.copy()
    tokens[:, :4] = np.nan
    config = BudgetPolicyConfig(kind="budget", per_query=Limits(tokens=1e9))
    assert set(choose(config, replace(known, tokens=tokens), 2)) == {(4,)}
    with pytest.raises(RouterError, match="whose cost is unknown never fits"):
        choose(config, replace(known, tokens=None), 1)


def test_a_budget_holds_inside_a_guard(make_batch) -> None:
    known = make_batch(5)
    limit = float(known.tokens.min(axis=1).max()) * 1.5
    inner = BudgetPolicyConfig(kind="budget", per_query=Limits(tokens=limit))
    chosen = choose(GuardPolicyConfig(kind="guard", margin=1.0, inner=inner), known, 2)
    assert max(spent(known, chosen, "tokens")) <= limit


@pytest.mark.parametrize("m", [5, 20])
def test_few_experts_can_serve_queries_that_differ_in_what_they_allow(m: int) -> None:
    """Only two experts together serve every query; neither the best nor the smallest is one of them."""
    rng = np.random.default_rng(0)
    chances = rng.uniform(0.6, 0.9, (40, m))
    chances[:, 3:5] = 0.3
    tokens = np.full((40, m), 900.0)
    tokens[:20, 3], tokens[20:, 4] = 10.0, 10.0
    tokens[:19, 0], tokens[21:, 1] = 10.0, 10.0
    known = PolicyInput(
        experts=tuple(str(i) for i in range(m)), chances=chances, tokens=tokens, memory_gib=np.full(m, 10.0)
    )
    config = BudgetPolicyConfig(
        kind="budget", per_query=Limits(tokens=100), per_batch=Limits(memory_gib=20.0)
    )
    assert choose(config, known, 1) == [(3,)] * 20 + [(4,)] * 20
    with pytest.raises(RouterError, match="No set of experts within 10 GiB"):
        choose(config.model_copy(update={"per_batch": Limits(memory_gib=10.0)}), known, 1)
