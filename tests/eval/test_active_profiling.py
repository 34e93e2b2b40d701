"""Calls go where the choice of experts is undecided, in few batches, and never beyond the budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.active_profiling import Pair, profile_actively
from eval.cluster_abilities import fit_abilities
from experts.errors import ConfigError

CLUSTERS = np.repeat(np.arange(4), 250)
TRUTH = np.array([[0.7, 0.6, 0.1, 0.2], [0.4, 0.7, 0.1, 0.2], [0.6, 0.5, 0.1, 0.2], [0.3, 0.4, 0.1, 0.8]])
"""Accuracy of four experts in four clusters; the third is never worth asking."""


def scores(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return (np.random.default_rng(seed).random((1000, 4)) < TRUTH[CLUSTERS]).astype(float)


class Recorded:
    """Replays a matrix and keeps what was asked."""

    def __init__(self, matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        self.matrix, self.batches = matrix, list[list[Pair]]()

    def __call__(self, pairs: Sequence[Pair]) -> list[float]:
        self.batches.append(list(pairs))
        return [float(self.matrix[pair]) for pair in pairs]


@given(
    seed=st.integers(0, 1000),
    budget=st.integers(4, 5000),
    rounds=st.integers(1, 6),
    k=st.integers(1, 4),
)
@settings(max_examples=25, deadline=None)
def test_the_budget_is_spent_and_not_exceeded_and_nothing_is_asked_twice(seed, budget, rounds, k) -> None:
    ask = Recorded(scores(seed))
    found = profile_actively(CLUSTERS, 4, budget, ask, rounds=rounds, k=k, seed=seed)
    pairs = [pair for batch in ask.batches for pair in batch]
    assert len(pairs) == len(set(pairs)) == found.calls == min(budget, 4000)
    assert found.batches == len(ask.batches) <= rounds
    assert (~np.isnan(found.scores)).sum() == found.calls
    assert all(found.scores[pair] == ask.matrix[pair] for pair in pairs)


def test_every_batch_is_in_the_order_of_experts() -> None:
    ask = Recorded(scores(0))
    profile_actively(CLUSTERS, 4, 1200, ask)
    assert all([e for _, e in batch] == sorted(e for _, e in batch) for batch in ask.batches)


def test_contenders_are_asked_more_than_experts_that_are_out_of_the_question() -> None:
    found = profile_actively(CLUSTERS, 4, 1200, Recorded(scores(0)))
    asked = (~np.isnan(found.scores)).sum(axis=0)
    assert asked[2] < asked[[0, 1]].min() / 2
    in_close_cluster = (~np.isnan(found.scores[CLUSTERS == 0])).sum(axis=0)
    in_clear_cluster = (~np.isnan(found.scores[CLUSTERS == 3])).sum(axis=0)
    assert in_close_cluster[:2].sum() > 2 * in_clear_cluster[:2].sum()


def test_the_best_are_found_more_often_than_with_even_spending() -> None:
    """Over twenty profiling runs of 20% of all calls; the loss is in accuracy of the chosen expert."""
    loss = {"active": 0.0, "even": 0.0}
    for seed in range(20):
        for name, rounds in (("active", 8), ("even", 1)):
            found = profile_actively(CLUSTERS, 4, 800, Recorded(scores(seed)), rounds=rounds, seed=seed)
            picks = fit_abilities(found.scores, CLUSTERS, 4).mean.argmax(axis=1)
            loss[name] += (TRUTH.max(axis=1) - TRUTH[np.arange(4), picks]).mean()
    assert loss["active"] < loss["even"]


def test_for_two_experts_a_query_the_edge_lies_after_the_second() -> None:
    truth = np.array([0.9, 0.6, 0.55, 0.1])
    matrix = (np.random.default_rng(0).random((1000, 4)) < truth).astype(float)
    clusters = np.zeros(1000, dtype=np.int64)
    found = profile_actively(clusters, 4, 800, Recorded(matrix), k=2)
    asked = (~np.isnan(found.scores)).sum(axis=0)
    assert asked[[1, 2]].min() > asked[[0, 3]].max()


def test_failures_are_paid_for_and_not_asked_again() -> None:
    matrix = scores(0)
    matrix[:, 1] = np.nan
    ask = Recorded(matrix)
    found = profile_actively(CLUSTERS, 4, 2000, ask)
    pairs = [pair for batch in ask.batches for pair in batch]
    assert len(pairs) == len(set(pairs)) == found.calls == 2000
    assert np.isnan(found.scores[:, 1]).all()


def test_the_same_seed_asks_the_same() -> None:
    first, second = Recorded(scores(0)), Recorded(scores(0))
    profile_actively(CLUSTERS, 4, 900, first, seed=3)
    profile_actively(CLUSTERS, 4, 900, second, seed=3)
    assert first.batches == second.batches


@pytest.mark.parametrize(("budget", "rounds", "k"), [(3, 4, 1), (100, 0, 1), (100, 4, 0), (100, 4, 5)])
def test_numbers_out_of_range_are_refused(budget: int, rounds: int, k: int) -> None:
    with pytest.raises(ConfigError, match="at least one call per expert"):
        profile_actively(CLUSTERS, 4, budget, Recorded(scores(0)), rounds=rounds, k=k)


def test_abilities_come_to_the_truth_with_many_answers_and_borrow_with_few() -> None:
    many = fit_abilities(scores(1), CLUSTERS, 4)
    np.testing.assert_allclose(many.mean, TRUTH, atol=0.08)
    few = scores(1)
    few[CLUSTERS == 3] = np.nan
    borrowed = fit_abilities(few, CLUSTERS, 4)
    assert borrowed.mean[3].argmin() == 2
    assert (borrowed.deviation[3] > 2 * borrowed.deviation[0]).all()


def test_abilities_without_any_answer_are_finite_and_unsure() -> None:
    found = fit_abilities(np.full((4, 2), np.nan), np.array([0, 0, 1, 1]), 2)
    np.testing.assert_array_equal(found.mean, np.full((2, 2), 0.5))
    assert (found.deviation > 0.1).all()
