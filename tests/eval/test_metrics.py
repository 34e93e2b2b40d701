"""Intervals against published values and simulation, counts, oracle and best single."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    Counts,
    Interval,
    accuracy,
    best_single,
    count,
    oracle,
    paired_difference,
    share_of_gap,
    wilson,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_published_intervals(n_right: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    interval = wilson(n_right, n)
    assert interval.estimate == pytest.approx(n_right / n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(n=st.integers(1, 10_000), share=st.floats(0, 1), level=st.floats(0.5, 0.999))
def test_wilson_holds_the_estimate_within_0_and_1(n: int, share: float, level: float) -> None:
    interval = wilson(share * n, n, level=level)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1


def test_wilson_at_the_edges() -> None:
    assert math.isnan(wilson(0, 0).estimate)
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)


def test_accuracy_leaves_out_what_was_not_scored() -> None:
    assert accuracy(np.array([1.0, 0.0, NAN, 1.0])) == wilson(2, 3)
    assert accuracy(np.array([0.5, 1.0])) == wilson(1.5, 2)
    assert math.isnan(accuracy(np.array([NAN])).low)


def test_counts_tell_both_accuracies() -> None:
    counts = count(["right", "wrong", "unparsed", "error", "right"])
    assert counts == Counts(right=2, wrong=1, unparsed=1, error=1)
    assert counts.total == 5
    assert counts.accuracy.estimate == pytest.approx(0.4)
    assert counts.accuracy_of_scored.estimate == pytest.approx(0.5)
    assert math.isnan(count([]).accuracy.estimate)


def test_counts_tell_how_much_was_answered_and_how_well() -> None:
    counts = count(["right", "wrong", "unparsed", "right", "abstained", "abstained", "abstained", "error"])
    assert (counts.total, counts.answered, counts.abstained) == (8, 4, 3)
    assert counts.coverage == pytest.approx(4 / 8)
    assert counts.accuracy.estimate == pytest.approx(2 / 8)
    assert counts.accuracy_of_answered == wilson(2, 4)
    silent = count(["abstained"])
    assert (silent.coverage, silent.answered) == (0.0, 0)
    assert math.isnan(silent.accuracy_of_answered.estimate)
    assert math.isnan(count([]).coverage)


def test_unknown_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match="rihgt"):
        count(["rihgt"])  # type: ignore[list-item]


def test_paired_difference_is_repeatable_and_antisymmetric() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.random((2, 300)) < [[0.7], [0.6]]).astype(np.float64)
    first = paired_difference(a, b, rng=np.random.default_rng(5), n_resamples=2000)
    assert first == paired_difference(a, b, rng=np.random.default_rng(5), n_resamples=2000)
    turned = paired_difference(b, a, rng=np.random.default_rng(5), n_resamples=2000)
    assert turned.estimate == pytest.approx(-first.estimate)
    assert turned.low == pytest.approx(-first.high)


def test_paired_difference_matches_the_normal_interval() -> None:
    rng = np.random.default_rng(2)
    a, b = (rng.random((2, 2000)) < [[0.7], [0.6]]).astype(np.float64)
    interval = paired_difference(a, b, rng=np.random.default_rng(3), n_resamples=4000)
    half = 1.96 * float((a - b).std()) / math.sqrt(2000)
    assert interval.estimate == pytest.approx((a - b).mean())
    assert interval.low == pytest.approx(interval.estimate - half, abs=0.003)
    assert interval.high == pytest.approx(interval.estimate + half, abs=0.003)
    assert interval.excludes_zero


def test_pairing_makes_the_interval_narrow() -> None:
    a = np.tile([1.0, 0.0], 200)
    interval = paired_difference(a, a, rng=np.random.default_rng(0), n_resamples=100)
    assert interval == Interval(0.0, 0.0, 0.0)
    assert not interval.excludes_zero


def test_paired_difference_uses_what_both_have() -> None:
    a, b = np.array([1.0, NAN, 1.0]), np.array([0.0, 1.0, NAN])
    assert paired_difference(a, b, rng=np.random.default_rng(0), n_resamples=10) == Interval(1.0, 1.0, 1.0)
    nothing = paired_difference(a[1:], b[1:], rng=np.random.default_rng(0))
    assert math.isnan(nothing.estimate)
    with pytest.raises(ValueError, match="shapes"):
        paired_difference(a, b[1:], rng=np.random.default_rng(0))


def test_large_inputs_are_drawn_in_chunks() -> None:
    a = np.ones(1_500_000)
    interval = paired_difference(a, np.zeros_like(a), rng=np.random.default_rng(0), n_resamples=5)
    assert interval == Interval(1.0, 1.0, 1.0)


def test_oracle_and_best_single() -> None:
    scores = np.array([[1.0, 0.0, NAN], [0.0, 1.0, NAN], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [NAN, NAN, NAN]])
    assert oracle(scores) == pytest.approx(3 / 4)
    assert best_single(scores) == 1
    assert best_single(np.array([[1.0, 1.0]])) == 0
    assert math.isnan(oracle(scores[4:]))
    with pytest.raises(ValueError, match="No expert"):
        best_single(scores[4:])


def test_share_of_gap() -> None:
    assert share_of_gap(0.6, single=0.5, best_possible=0.9) == pytest.approx(0.25)
    assert math.isnan(share_of_gap(0.6, single=0.6, best_possible=0.6))
