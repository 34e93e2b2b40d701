from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores

from experts.errors import RouterError
from routers.neighbours.config import KnnConfig
from routers.neighbours.knn import Knn
from routers.training_data import TrainingData


def knn(**options: Any) -> Knn:
    return Knn(KnnConfig.model_validate({"kind": "knn", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"neighbours": 5}, {"dimensions": 6}], ids=str)
def test_contract(check: Check, options: dict[str, int]) -> None:
    check(lambda: knn(**options))


def test_one_neighbour_without_a_prior_says_what_the_nearest_question_said() -> None:
    data = training_data()
    chances = knn(neighbours=1, prior_questions=0).fit(data).predict(data.vectors)
    np.testing.assert_allclose(chances, data.scores, atol=1e-6)


def test_a_strong_prior_leaves_the_order_of_the_experts_means() -> None:
    data = training_data()
    lopsided = with_scores(data, np.where(np.arange(150)[:, None] % 3 == 0, data.scores, [0.0, 1.0, 0.0]))
    chances = knn(prior_questions=1e6).fit(lopsided).predict(fresh_vectors())
    assert (chances.argmax(axis=1) == 1).all()


def test_reasons_name_the_nearest_solved_questions_and_who_was_right() -> None:
    data = TrainingData(
        vectors=np.eye(3, dtype=np.float32),
        scores=np.array([[1.0, 0.0], [0.0, 0.0], [1.0, np.nan]]),
        experts=("atlas", "bard"),
        subjects=("", "", ""),
        texts=("What is\n a tort?", "Integrate " + "x" * 80, "What is a cell?"),
    )
    reasons = knn().fit(data).explain(np.eye(3, dtype=np.float32)[:2])
    assert reasons[0][0] == 'Solved question "What is a tort?" (cosine 1.00): 1 of 2 right (atlas).'
    assert reasons[1][0].startswith('Solved question "Integrate xxxx')
    assert reasons[1][0].endswith('xxx..." (cosine 1.00): none of 2 right.')


def test_an_expert_is_added_as_if_it_had_been_there_all_along() -> None:
    data = training_data()
    data.scores[::5, 2] = np.nan
    added = knn().fit(with_scores(data, data.scores[:, :2])).add_expert("cato", data.scores[:, 2])
    np.testing.assert_array_equal(added.predict(fresh_vectors()), knn().fit(data).predict(fresh_vectors()))


def test_an_expert_can_be_added_to_a_restored_router() -> None:
    data = training_data()
    fitted = knn().fit(with_scores(data, data.scores[:, :2]))
    restored = knn().restore(fitted.state()).add_expert("cato", data.scores[:, 2])
    np.testing.assert_array_equal(restored.predict(fresh_vectors()), knn().fit(data).predict(fresh_vectors()))


@pytest.mark.parametrize(
    ("name", "scores", "said"),
    [
        ("atlas", np.zeros(150), "an expert 'atlas' already"),
        ("dora", np.zeros(149), r"each of the 150 fitted questions.*got an array of shape \(149,\)"),
        ("dora", np.full(150, 2.0), r"'dora' must lie in \[0, 1\], got 2 to 2"),
    ],
)
def test_an_expert_that_cannot_be_added_is_refused(name: str, scores: Any, said: str) -> None:
    fitted = knn().fit(training_data())
    with pytest.raises(RouterError, match=said):
        fitted.add_expert(name, scores)
    assert fitted.experts_ == ("atlas", "bard", "cato")
