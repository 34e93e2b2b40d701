"""What is particular to the forest."""

from __future__ import annotations

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores
from sklearn.ensemble import ExtraTreesRegressor

from routers.forest.config import ForestConfig
from routers.forest.flat_trees import FlatTrees
from routers.forest.forest_estimator import ForestEstimator


def forest(**options: float) -> ForestEstimator:
    return ForestEstimator(ForestConfig.model_validate({"kind": "forest", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check) -> None:
    check(forest)


@pytest.mark.parametrize("experts", [1, 3])
def test_flat_trees_say_what_those_of_scikit_learn_say(experts: int) -> None:
    data = training_data()
    fitted = ExtraTreesRegressor(20, min_samples_leaf=2, random_state=0)
    fitted.fit(data.vectors, data.scores[:, 0] if experts == 1 else data.scores)
    asked = np.concatenate([data.vectors, fresh_vectors(200)])
    expected = fitted.predict(asked).reshape(len(asked), experts)
    np.testing.assert_allclose(FlatTrees.of(fitted).mean(asked), expected, rtol=0, atol=1e-6)


def test_coordinates_at_a_threshold_go_left_as_in_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    fitted = ExtraTreesRegressor(10, min_samples_leaf=1, random_state=0)
    fitted.fit(rng.random((50, 1)).astype(np.float32), rng.random((50, 2)))
    thresholds = np.concatenate([tree.tree_.threshold for tree in fitted.estimators_])
    near = thresholds.astype(np.float32)
    asked = np.concatenate([near, np.nextafter(near, np.float32(2)), np.nextafter(near, np.float32(-2))])
    np.testing.assert_allclose(
        FlatTrees.of(fitted).mean(asked[:, None]), fitted.predict(asked[:, None]), rtol=0, atol=1e-6
    )


def test_leaves_that_hold_all_questions_leave_the_means() -> None:
    data = training_data()
    chances = forest(min_questions=100).fit(data).predict(fresh_vectors())
    np.testing.assert_allclose(chances, np.tile(data.scores.mean(axis=0), (30, 1)), atol=1e-6)


def test_reasons_give_shares_of_right_answers_and_the_size_of_leaves() -> None:
    data = training_data()
    sure = with_scores(data, np.where(np.arange(3) == 1, 1.0, data.scores * 0.5))
    ((reason,),) = forest(trees=7, min_questions=100).fit(sure).explain(fresh_vectors()[:1])
    assert reason.startswith("In its leaves of 7 trees (on average 150 of 150 solved questions) ")
    assert "the experts were right: bard 100%, " in reason
