"""Borda and Kemeny against their definitions, and what is said where they differ from the mean."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eval import kemeny
from eval.kemeny import contradicted, kemeny_order
from eval.social_choice import borda_points, preferences, rankings
from experts.errors import ConfigError

TASKS = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.just(5)), elements=st.integers(0, 4).map(lambda x: x / 4)
)


@given(accuracies=TASKS)
@settings(max_examples=40, deadline=None)
def test_kemeny_contradicts_least_of_all_orders(accuracies) -> None:
    preferred = preferences(accuracies)
    order, cost, least = kemeny_order(preferred)
    costs = {p: round(contradicted(list(p), preferred), 6) for p in permutations(range(5))}
    assert cost == least == pytest.approx(min(costs.values()))
    assert sorted(order) == list(range(5))


def test_without_any_preference_the_configuration_order_stays() -> None:
    assert kemeny_order(preferences(np.full((3, 6), 0.5)))[0] == [0, 1, 2, 3, 4, 5]


@given(seed=st.integers(0, 1000), tasks=st.integers(1, 8))
@settings(max_examples=8, deadline=None)
def test_the_integer_program_finds_an_order_as_good(seed, tasks) -> None:
    preferred = preferences(np.random.default_rng(seed).random((tasks, 8)))
    order, bound = kemeny._by_integer_program(preferred)
    assert sorted(order) == list(range(8))
    assert contradicted(order, preferred) == pytest.approx(kemeny_order(preferred)[1])
    assert bound == pytest.approx(kemeny_order(preferred)[1], abs=1e-3)


def test_many_experts_are_ordered_with_proof() -> None:
    rng = np.random.default_rng(0)
    accuracies = np.linspace(0.8, 0.3, 16) + rng.normal(0, 0.03, (14, 16))
    order, cost, least = kemeny_order(preferences(accuracies))
    assert sorted(order) == list(range(16))
    assert cost == least


def test_out_of_time_the_order_is_improved_and_the_bound_is_below(monkeypatch) -> None:
    monkeypatch.setattr(kemeny, "_SECONDS", 0.0)
    preferred = preferences(np.random.default_rng(0).random((9, 20)))
    order, cost, least = kemeny_order(preferred)
    assert sorted(order) == list(range(20))
    assert least <= cost == contradicted(order, preferred)


@given(accuracies=TASKS)
@settings(max_examples=40, deadline=None)
def test_who_beats_everyone_is_first_for_kemeny(accuracies) -> None:
    preferred = preferences(accuracies)
    ahead = preferred > preferred.T
    winners = [i for i in range(5) if ahead[i].sum() == 4]
    if winners:
        assert kemeny_order(preferred)[0][0] == winners[0]


def test_borda_is_the_mean_share_of_others_beaten() -> None:
    accuracies = np.array([[0.9, 0.5, 0.1], [0.2, 0.6, 0.6]])
    np.testing.assert_allclose(borda_points(preferences(accuracies)), [0.5 + 0.5, 0.5 + 0.75, 0.75])


def test_one_wide_gap_makes_the_mean_differ_and_the_sentence_says_so() -> None:
    accuracies = np.array([[0.50, 0.52], [0.50, 0.52], [0.50, 0.52], [0.90, 0.20]])
    found = rankings(accuracies, ("specialist", "steady"))
    assert found.by_mean == ("specialist", "steady")
    assert found.by_borda == found.by_kemeny == ("steady", "specialist")
    assert found.disagreements == found.least == 1.0
    assert found.sentence == (
        "1 pair differs; most clearly specialist has the higher mean (60.0 against 44.0), but steady is "
        "better on 3 of 4 tasks: the mean follows the few tasks with wide gaps."
    )


def test_ties_of_kemeny_go_by_the_mean_and_agreement_is_said() -> None:
    found = rankings(np.array([[0.5, 0.6], [0.3, 0.9], [0.7, 0.1], [0.6, 0.5]]), ("a", "b"))
    assert found.by_kemeny == found.by_mean
    assert found.sentence == "The mean and Kemeny's rule agree on the order of all experts."


def test_tasks_that_an_expert_did_not_run_are_left_out() -> None:
    found = rankings(np.array([[0.4, 0.5], [np.nan, 0.9], [0.2, 0.3]]), ("a", "b"))
    assert found.by_kemeny == ("b", "a")
    assert found.disagreements == 0.0


@pytest.mark.parametrize("accuracies", [np.zeros((0, 2)), np.zeros((2, 3)), np.zeros(2)])
def test_shapes_that_do_not_fit_are_refused(accuracies) -> None:
    with pytest.raises(ConfigError, match=r"shape \(tasks, 2\)"):
        rankings(accuracies, ("a", "b"))
    with pytest.raises(ConfigError, match="b ran on none"):
        rankings(np.array([[0.5, np.nan]]), ("a", "b"))
