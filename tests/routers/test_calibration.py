"""Raw chances become probabilities: what is too bold is shrunk, what is noise weighs nothing."""

from __future__ import annotations

import numpy as np
import pytest

from routers.calibration import Array, Calibration, log_odds, sigmoid

ROWS = 3000


@pytest.fixture
def truth() -> Array:
    """Chances (n, m): questions differ in how easy they are, and experts in whom they suit."""
    rng = np.random.default_rng(0)
    return sigmoid(rng.normal(0.5, 1.0, (ROWS, 1)) + rng.normal(0.0, 0.7, (ROWS, 3)))


@pytest.fixture
def scores(truth: Array) -> Array:
    return (np.random.default_rng(1).random(truth.shape) < truth).astype(np.float64)


def leads(chances: Array) -> Array:
    odds = log_odds(chances)
    lead: Array = odds - odds.mean(axis=1, keepdims=True)
    return lead


def test_true_probabilities_stay_as_they_are(truth: Array, scores: Array) -> None:
    fixed = Calibration.fit([truth], scores)
    np.testing.assert_allclose(fixed.coefficients, np.tile([0.0, 1.0, 1.0], (3, 1)), atol=0.2)
    assert np.abs(fixed.apply([truth]) - truth).mean() < 0.02


def test_ease_and_lead_that_are_too_bold_are_shrunk_apart(truth: Array, scores: Array) -> None:
    odds = log_odds(truth)
    ease = odds.mean(axis=1, keepdims=True)
    bold = sigmoid(1.0 + ease + 3.0 * (odds - ease))
    fixed = Calibration.fit([bold], scores)
    np.testing.assert_allclose(fixed.coefficients, np.tile([-1.0, 1.0, 1 / 3], (3, 1)), atol=0.25)


def test_a_lead_that_is_noise_is_taken_out(truth: Array, scores: Array) -> None:
    ease = log_odds(truth).mean(axis=1, keepdims=True)
    noisy = sigmoid(ease + np.random.default_rng(2).normal(0.0, 1.0, truth.shape))
    fixed = Calibration.fit([noisy], scores).apply([noisy])
    assert np.abs(leads(fixed)).mean() < 0.2 * np.abs(leads(noisy)).mean()


def test_of_two_estimators_the_one_that_knows_weighs_most(truth: Array, scores: Array) -> None:
    guess = sigmoid(np.random.default_rng(3).normal(0.0, 1.0, truth.shape))
    weights = Calibration.fit([truth, guess], scores).weights()
    assert weights.shape == (3, 2)
    assert (weights[:, 0] > 0.7).all() and (np.abs(weights[:, 1]) < 0.15).all()


def test_an_expert_that_never_ran_is_corrected_as_the_pool(truth: Array, scores: Array) -> None:
    scores[:, 2] = np.nan
    fixed = Calibration.fit([truth], scores)
    pool = fixed.coefficients[:2].mean(axis=0)
    np.testing.assert_allclose(fixed.coefficients[2], pool, atol=0.1)
    chances = fixed.apply([truth])
    assert ((chances > 0) & (chances < 1)).all()


def test_what_was_not_run_is_not_wrong(truth: Array, scores: Array) -> None:
    scores[::2, 0] = np.nan
    fixed = Calibration.fit([truth], scores).apply([truth])
    assert fixed[:, 0].mean() == pytest.approx(truth[:, 0].mean(), abs=0.03)


def test_few_questions_move_an_expert_little_from_the_pool(truth: Array, scores: Array) -> None:
    scores[5:, 2], scores[:5, 2] = np.nan, 0.0
    fixed = Calibration.fit([truth], scores)
    assert np.abs(fixed.coefficients[2] - fixed.coefficients[:2].mean(axis=0)).max() < 1.0


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certainty_about_everything_stays_finite(certain: float) -> None:
    chances, scores = np.full((30, 2), certain), np.full((30, 2), certain)
    fixed = Calibration.fit([chances], scores).apply([chances])
    assert ((fixed > 0) & (fixed < 1)).all()


def test_one_row_is_calibrated_as_in_a_batch_and_none_as_none(truth: Array, scores: Array) -> None:
    fixed = Calibration.fit([truth], scores)
    np.testing.assert_allclose(fixed.apply([truth[7:8]])[0], fixed.apply([truth])[7], rtol=0, atol=1e-12)
    assert fixed.apply([truth[:0]]).shape == (0, 3)


def test_it_is_saved(truth: Array, scores: Array) -> None:
    fixed = Calibration.fit([truth], scores)
    again = Calibration.restore(fixed.state())
    np.testing.assert_array_equal(again.apply([truth]), fixed.apply([truth]))
