"""Expected tokens follow the question, come out right on average, and are NaN where nothing was logged."""

from __future__ import annotations

import numpy as np
import pytest

from experts.encoders.encoder import Vectors
from experts.outcomes import OutcomeMatrix
from routers.expected_tokens import Array, ExpectedTokens, mean_tokens


@pytest.fixture
def vectors() -> Vectors:
    """Two kinds of questions, 60 of each."""
    return np.repeat(np.eye(2, dtype=np.float32), 60, axis=0)


@pytest.fixture
def tokens() -> Array:
    """(120, 3): the first expert writes ten times as much on the second kind; the last never logged."""
    spread = np.exp(np.random.default_rng(0).normal(0.0, 0.5, 120))
    first = np.repeat([30.0, 300.0], 60) * spread
    return np.column_stack([first, 50.0 * spread, np.full(120, np.nan)])


def test_tokens_follow_the_question(vectors: Vectors, tokens: Array) -> None:
    expected = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    assert expected[119, 0] > 4 * expected[0, 0]
    assert expected[119, 1] == pytest.approx(expected[0, 1], rel=0.2)


def test_means_come_out_right_although_logarithms_are_fitted(vectors: Vectors, tokens: Array) -> None:
    expected = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    np.testing.assert_allclose(expected[:, :2].mean(axis=0), tokens[:, :2].mean(axis=0))


def test_where_nothing_was_logged_nothing_is_said(vectors: Vectors, tokens: Array) -> None:
    expected = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    assert np.isnan(expected[:, 2]).all() and np.isfinite(expected[:, :2]).all()


def test_of_few_logged_questions_only_the_mean_is_learned(vectors: Vectors, tokens: Array) -> None:
    tokens[5:60, 0], tokens[65:, 0] = np.nan, np.nan
    expected = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    np.testing.assert_allclose(expected[:, 0], np.nanmean(tokens[:, 0]))


def test_gaps_of_one_expert_do_not_move_another(vectors: Vectors, tokens: Array) -> None:
    whole = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    tokens[::3, 0] = np.nan
    thin = ExpectedTokens.fit(vectors, tokens).predict(vectors)
    np.testing.assert_allclose(thin[:, 1], whole[:, 1])


def test_a_strange_question_gives_no_absurd_number(vectors: Vectors, tokens: Array) -> None:
    strange = np.array([[-1e3, 1e3], [1e3, -1e3]], dtype=np.float32)
    expected = ExpectedTokens.fit(vectors, tokens).predict(strange)
    assert np.isfinite(expected[:, 0]).all() and (expected[:, 0] >= 0).all()


def test_no_question_gives_no_row_and_all_is_saved(vectors: Vectors, tokens: Array) -> None:
    fitted = ExpectedTokens.fit(vectors, tokens)
    assert fitted.predict(vectors[:0]).shape == (0, 3)
    again = ExpectedTokens.restore(fitted.state())
    np.testing.assert_array_equal(again.predict(vectors), fitted.predict(vectors))


def test_tokens_are_averaged_over_the_samples_that_were_logged() -> None:
    matrix = OutcomeMatrix.from_scores(["q0", "q1"], ["atlas"], np.ones((2, 1, 2)))
    matrix.tokens[0, 0] = [10.0, np.nan]
    np.testing.assert_array_equal(mean_tokens(matrix), [[10.0], [np.nan]])
    matrix.tokens[0, 0] = [10.0, 30.0]
    np.testing.assert_array_equal(mean_tokens(matrix), [[20.0], [np.nan]])
