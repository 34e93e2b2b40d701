"""Choosing experts from estimates."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from routers.ranking import draw, proportional, query_rng, ranking, softmax, top_k, trim_rare

Vector = NDArray[np.float64]

finite = st.floats(-1e6, 1e6)
vectors = arrays(np.float64, st.integers(1, 12), elements=finite)
picks = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=4), min_size=1, max_size=40)


@given(vectors)
def test_ranking_is_a_permutation_from_high_to_low_with_ties_in_order(values: Vector) -> None:
    order = ranking(values)
    assert sorted(order) == list(range(len(values)))
    for before, after in pairwise(order):
        assert values[before] > values[after] or (values[before] == values[after] and before < after)


@given(vectors, st.data())
def test_top_k_is_the_head_of_the_ranking(values: Vector, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    assert top_k(values, k) == ranking(values)[:k]


@given(vectors, st.floats(0.05, 10))
def test_softmax_is_a_distribution_that_keeps_the_order(values: Vector, temperature: float) -> None:
    p = softmax(values, temperature)
    assert np.isclose(p.sum(), 1) and (p >= 0).all()
    assert (np.diff(p[np.argsort(values, kind="stable")]) >= 0).all()


def test_softmax_at_a_temperature_of_one_half_squares_the_odds() -> None:
    p = softmax(np.log(np.array([3.0, 1.0])), 0.5)
    np.testing.assert_allclose(p, [0.9, 0.1])


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1e6, allow_subnormal=False)))
def test_proportional_is_a_distribution_that_is_zero_where_the_weight_is(weights: Vector) -> None:
    p = proportional(weights)
    assert np.isclose(p.sum(), 1) and (p >= 0).all()
    assert not weights.any() or (p[weights == 0] == 0).all()


def test_proportional_is_uniform_where_nothing_weighs() -> None:
    np.testing.assert_array_equal(proportional(np.zeros(4)), np.full(4, 0.25))


def test_draws_come_with_replacement_and_follow_the_probabilities() -> None:
    drawn = Counter(draw(np.array([0.8, 0.2, 0.0]), 5000, query_rng(0, "q")))
    assert set(drawn) == {0, 1}
    assert 0.77 < drawn[0] / 5000 < 0.83


def test_a_query_has_its_own_generator_in_every_process() -> None:
    code = (
        "import sys; from routers.ranking import query_rng as g; sys.stdout.write(repr(g(3, 'q7').random()))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout == repr(query_rng(3, "q7").random())
    others = {
        query_rng(seed, name, use).random()
        for seed, name, use in [(3, "q8", ""), (4, "q7", ""), (3, "q7", "t")]
    }
    assert len(others | {query_rng(3, "q7").random()}) == 4


@given(picks, st.floats(0.01, 0.9))
def test_trimming_keeps_the_frequent_and_replaces_the_rare_by_them(
    chosen: list[list[int]], threshold: float
) -> None:
    counts = Counter(index for row in chosen for index in row)
    frequent = {index for index, count in counts.items() if count / counts.total() >= threshold}
    trimmed = trim_rare(chosen, threshold, [query_rng(0, str(i)) for i in range(len(chosen))])
    assert [len(row) for row in trimmed] == [len(row) for row in chosen]
    for before, after in zip(chosen, trimmed, strict=True):
        for old, new in zip(before, after, strict=True):
            assert new == old if old in frequent or not frequent else new in frequent
