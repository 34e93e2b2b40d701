"""Calibration error and Brier skill against numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from eval.routing.quality import calibration_error, quality


def test_what_is_said_and_what_happens_is_compared_within_bins() -> None:
    # Ten bins of ten: all said 0.3, and 5 of 10 were right in each.
    assert calibration_error(np.full(100, 0.3), np.tile([0.0, 1.0], 50)) == pytest.approx(0.2)


def test_errors_of_bins_do_not_cancel() -> None:
    chances = np.repeat([0.2, 0.8], 50)
    assert calibration_error(chances, np.repeat([0.0, 1.0], 50)) == pytest.approx(0.2)
    assert calibration_error(chances, np.repeat([1.0, 0.0], 50)) == pytest.approx(0.8)


def test_fewer_questions_than_bins_are_a_bin_each() -> None:
    assert calibration_error(np.array([0.1, 0.9]), np.array([0.0, 1.0])) == pytest.approx(0.1)


def test_true_probabilities_have_hardly_any_error() -> None:
    rng = np.random.default_rng(0)
    chances = rng.random(20_000)
    assert calibration_error(chances, (rng.random(20_000) < chances).astype(np.float64)) < 0.015


def test_skill_is_against_always_saying_the_base_rate() -> None:
    scores = np.tile([[0.0], [1.0]], (10, 3))
    chances = np.column_stack([np.full(20, 0.5), scores[:, 1], 1.0 - scores[:, 2]])
    found = quality(chances, scores, np.full(3, 0.5))
    np.testing.assert_allclose(found.brier_skill, [0.0, 1.0, -3.0])


def test_what_was_not_run_does_not_count() -> None:
    scores = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, np.nan]])
    found = quality(np.full((3, 2), 0.5), scores, np.array([0.5, 0.5]))
    assert found.calibration_error[0] == pytest.approx(0.5)  # two bins of one question each
    assert np.isnan(found.calibration_error[1]) and np.isnan(found.brier_skill[1])
    assert found.log_loss == pytest.approx(np.log(2))


def test_certainty_that_was_wrong_costs_much_but_not_everything() -> None:
    found = quality(np.array([[1.0]]), np.array([[0.0]]), np.array([0.5]))
    assert found.log_loss == pytest.approx(-np.log(1e-6), rel=1e-3)


def test_a_base_rate_without_error_cannot_be_bettered() -> None:
    found = quality(np.array([[0.9]]), np.array([[1.0]]), np.array([1.0]))
    assert found.brier_skill.tolist() == [0.0]
