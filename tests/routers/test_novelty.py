"""Novelty is a share: low for what was fitted, one for what is like nothing that was."""

from __future__ import annotations

import numpy as np
import pytest

from experts.encoders.encoder import Vectors, normalised
from routers.novelty import Novelty


@pytest.fixture
def vectors() -> Vectors:
    """200 questions about five topics."""
    rng = np.random.default_rng(0)
    return normalised(np.repeat(np.eye(8)[:5], 40, axis=0) + rng.normal(0.0, 0.1, (200, 8)))


def test_fitted_questions_are_spread_over_zero_to_one(vectors: Vectors) -> None:
    measured = np.sort(Novelty.fit(vectors).measure(vectors))
    np.testing.assert_allclose(measured, np.linspace(0.0, 1.0, 200), atol=0.03)


def test_a_question_like_none_before_is_entirely_new(vectors: Vectors) -> None:
    strange = np.array([np.eye(8)[6], np.zeros(8)], dtype=np.float32)
    np.testing.assert_array_equal(Novelty.fit(vectors).measure(strange), [1.0, 1.0])


def test_the_order_of_questions_does_not_matter(vectors: Vectors) -> None:
    one, other = Novelty.fit(vectors), Novelty.fit(vectors[::-1])
    np.testing.assert_allclose(one.measure(vectors), other.measure(vectors), atol=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 200])
def test_equal_questions_and_few_are_no_trouble(rows: int) -> None:
    same = np.tile(np.array([[0.6, 0.8]], dtype=np.float32), (rows, 1))
    fitted = Novelty.fit(same)
    assert len(fitted.centres) == 1
    measured = fitted.measure(np.array([[0.6, 0.8], [1.0, 0.0]], dtype=np.float32))
    assert measured[0] < measured[1] <= 1.0


def test_no_question_gives_no_share_and_all_is_saved(vectors: Vectors) -> None:
    fitted = Novelty.fit(vectors)
    assert fitted.measure(vectors[:0]).shape == (0,)
    again = Novelty.restore(fitted.state())
    np.testing.assert_array_equal(again.measure(vectors), fitted.measure(vectors))
