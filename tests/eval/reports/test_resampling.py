"""The shared bootstrap: the same interval as the plain one, pairs kept, order of questions without effect."""

import numpy as np
import pytest

from eval.metrics import paired_difference
from eval.reports.resampling import percentile_interval, resampled_means


def scores(n: int = 400) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    drawn = np.random.default_rng(4).random((n, 3)) < [0.6, 0.5, 0.3]
    return np.column_stack([drawn, drawn.mean(axis=1)])


def test_interval_is_that_of_the_plain_paired_bootstrap() -> None:
    given = scores()
    means = resampled_means(given, rng=np.random.default_rng(0))
    assert means.shape == (10_000, 4)
    for other in (1, 2, 3):
        plain = paired_difference(given[:, 0], given[:, other], rng=np.random.default_rng(1))
        shared = percentile_interval(plain.estimate, means[:, 0] - means[:, other])
        assert (shared.low, shared.high) == pytest.approx((plain.low, plain.high), abs=0.004)


def test_vectors_stay_paired() -> None:
    given = scores()
    means = resampled_means(np.column_stack([given[:, 0], given[:, 0] / 2]), rng=np.random.default_rng(0))
    np.testing.assert_allclose(means[:, 0], 2 * means[:, 1])


def test_order_of_questions_has_no_effect() -> None:
    given = scores(50)
    one, two = (resampled_means(g, rng=np.random.default_rng(0)) for g in (given, given[::-1]))
    np.testing.assert_array_equal(one, two)


def test_many_kinds_of_questions_are_drawn_in_parts() -> None:
    given = np.random.default_rng(2).random((900, 1))  # 900 kinds: five parts
    means = resampled_means(given, rng=np.random.default_rng(0))
    assert means.mean() == pytest.approx(given.mean(), abs=0.001)
    assert means.std() == pytest.approx(given.std() / 30, rel=0.05)
