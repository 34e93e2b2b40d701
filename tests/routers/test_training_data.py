"""Means, filled gaps and folds of the scores that estimators learn from."""

from __future__ import annotations

import numpy as np
import pytest

from routers.training_data import TrainingData, expert_means, filled, folds, text_hash

NAN = np.nan


def test_means_are_drawn_to_the_pool_and_stay_inside_zero_and_one() -> None:
    scores = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    # The pool's mean is (4 + 1) / (8 + 2); each expert has four questions and two of the pool's.
    np.testing.assert_allclose(expert_means(scores), [5 / 6, 1 / 6])


def test_an_expert_that_never_ran_has_the_mean_of_the_pool() -> None:
    scores = np.array([[1.0, NAN], [0.0, NAN], [1.0, NAN]])
    assert expert_means(scores)[1] == pytest.approx((2 + 1) / (3 + 2))
    np.testing.assert_allclose(expert_means(np.full((3, 2), NAN)), 0.5)


def test_gaps_are_filled_by_how_the_others_did() -> None:
    scores = np.array([[1.0, 1.0, NAN], [0.0, 0.0, NAN], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [NAN, NAN, NAN]])
    full = filled(scores)
    run = ~np.isnan(scores)
    np.testing.assert_array_equal(full[run], scores[run])
    assert full[0, 2] > expert_means(scores)[2] > full[1, 2]
    np.testing.assert_allclose(full[4], expert_means(scores))
    assert np.isnan(scores[4]).all()


def test_nothing_to_fill_is_left_as_it_is() -> None:
    scores = np.eye(3)
    assert filled(scores) is scores


def test_alike_texts_share_a_fold_and_folds_are_equal_in_every_process() -> None:
    texts = ["What is  Law?", "what is law?", "Another", "third"]
    assert text_hash(texts[0]) == text_hash(texts[1]) != text_hash(texts[2])
    assert folds(texts, 5).tolist() == [folds([text], 5)[0] for text in texts]
    assert text_hash("law") == 10313089962212877512


def test_folds_are_about_equally_full() -> None:
    counts = np.bincount(folds([f"question {i}" for i in range(1000)], 5))
    assert len(counts) == 5 and counts.min() > 150


def test_rows_are_taken_with_all_that_belongs_to_them() -> None:
    data = TrainingData(
        vectors=np.eye(3, dtype=np.float32),
        scores=np.array([[0.0], [0.5], [1.0]]),
        experts=("atlas",),
        subjects=("law", "", "math"),
        texts=("a", "b", "c"),
    )
    part = data.take(np.array([2, 0]))
    assert (part.subjects, part.texts, part.experts) == (("math", "law"), ("c", "a"), ("atlas",))
    np.testing.assert_array_equal(part.vectors, np.eye(3)[[2, 0]])
    np.testing.assert_array_equal(part.scores, [[1.0], [0.0]])
