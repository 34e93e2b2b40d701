"""What is particular to the tree: it cuts only where that pays, follows drift, and can be read."""

from __future__ import annotations

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores

from routers.trees.config import TreeConfig
from routers.trees.tree_estimator import TreeEstimator

CONFIG = TreeConfig(kind="tree", min_questions=8, shrinkage=4.0, memory=60)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check) -> None:
    check(lambda: TreeEstimator(CONFIG))


def test_experts_that_are_alike_everywhere_are_not_cut_apart() -> None:
    data = training_data()
    scores = (np.arange(150)[:, None] % 10 < np.array([8, 5, 2])).astype(np.float64)
    estimator = TreeEstimator(CONFIG).fit(with_scores(data, scores))
    assert len(estimator.tree_.cuts) == 1


def test_three_subjects_take_two_cuts() -> None:
    assert len(TreeEstimator(CONFIG).fit(training_data()).tree_.cuts) == 5


def test_a_region_is_counted_right() -> None:
    data = training_data()
    estimator = TreeEstimator(CONFIG).fit(data)
    leaves = estimator.tree_.leaves(estimator._points(data.vectors))
    for leaf in np.unique(leaves):
        here = data.scores[leaves == leaf]
        np.testing.assert_array_equal(estimator.tree_.counts[leaf][:, 0], here.sum(axis=0))
        np.testing.assert_array_equal(estimator.tree_.counts[leaf][:, 1], len(here))


def test_an_expert_that_becomes_bad_is_left_within_fifty_feedbacks() -> None:
    estimator = TreeEstimator(CONFIG).fit(training_data())
    law = fresh_vectors(150)[::3]
    assert (estimator.predict(law).argmax(axis=1) == 0).mean() > 0.9
    # From now on the first expert, and it alone is asked, is wrong.
    estimator.partial_fit(law, np.tile([0.0, np.nan, np.nan], (50, 1)))
    assert (estimator.predict(law).argmax(axis=1) != 0).all()
    math = fresh_vectors(150)[1::3]
    assert (estimator.predict(math).argmax(axis=1) == 1).mean() > 0.9


def test_feedback_on_one_expert_leaves_the_counts_of_the_others() -> None:
    estimator = TreeEstimator(CONFIG).fit(training_data())
    before = [counts.copy() for counts in estimator.tree_.counts]
    estimator.partial_fit(fresh_vectors()[:1], np.array([[0.0, np.nan, np.nan]]))
    for old, new in zip(before, estimator.tree_.counts, strict=True):
        np.testing.assert_array_equal(old[1:], new[1:])
    assert not np.array_equal(before[0][0], estimator.tree_.counts[0][0])


def test_old_counts_fade_to_the_memory() -> None:
    estimator = TreeEstimator(CONFIG).fit(training_data())
    estimator.partial_fit(fresh_vectors(300), np.ones((300, 3)))
    assert estimator.tree_.counts[0][:, 1] == pytest.approx(60.0)
    assert (estimator.tree_.chances(4.0)[0] > 0.95).all()


def test_a_leaf_is_cut_where_feedback_shows_that_experts_came_to_differ() -> None:
    data = training_data()
    alike = with_scores(data, np.tile([1.0, 0.5, 0.5], (150, 1)))
    estimator = TreeEstimator(CONFIG).fit(alike)
    assert len(estimator.tree_.cuts) == 1
    feedback = training_data(90, seed=4)
    estimator.partial_fit(feedback.vectors, feedback.scores)
    assert len(estimator.tree_.cuts) > 1
    assert (estimator.predict(fresh_vectors()).argmax(axis=1) == np.arange(30) % 3).mean() > 0.6


def test_feedback_is_saved_with_the_rest() -> None:
    feedback = training_data(40, seed=4)
    fitted = TreeEstimator(CONFIG).fit(training_data()).partial_fit(feedback.vectors, feedback.scores)
    again = TreeEstimator(CONFIG).restore(fitted.state())
    more = training_data(120, seed=5)
    for estimator in (fitted, again):
        estimator.partial_fit(more.vectors, more.scores)
    np.testing.assert_array_equal(again.predict(fresh_vectors()), fitted.predict(fresh_vectors()))


def test_reasons_name_the_region_its_subject_and_the_way_there() -> None:
    region, way = TreeEstimator(CONFIG).fit(training_data()).explain(fresh_vectors()[:1])[0]
    assert "mostly law" in region and "atlas right on" in region
    assert "component" in way and ("at most" in way or "above" in way)
