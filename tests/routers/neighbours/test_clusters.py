from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores

from routers.neighbours.clusters import Clusters
from routers.neighbours.config import ClustersConfig


def clusters(**options: Any) -> Clusters:
    return Clusters(ClustersConfig.model_validate({"kind": "clusters", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"clusters": 5, "nearest": 3}], ids=str)
def test_contract(check: Check, options: dict[str, int]) -> None:
    check(lambda: clusters(**options))


def test_clusters_are_titled_by_subject_and_words_and_give_counts() -> None:
    data = training_data()
    fitted = clusters(clusters=3).fit(data)
    (reason,) = fitted.explain(data.vectors[:1])[0]
    right = [int(data.scores[::3, expert].sum()) for expert in range(3)]
    assert "(law: contract, tort, question): " in reason
    assert f": atlas right on {right[0]} of 50, " in reason
    assert all(f"right on {count} of 50" in reason for count in right)


def test_one_nearest_cluster_gives_its_own_accuracies() -> None:
    data = training_data()
    fitted = clusters(clusters=3, nearest=1, prior_questions=0).fit(data)
    np.testing.assert_allclose(fitted.predict(data.vectors[:1])[0], data.scores[::3].mean(axis=0), atol=1e-6)


def test_there_are_five_questions_a_cluster_at_least() -> None:
    assert len(clusters(clusters=64).fit(training_data(50)).centroids_) == 10


def test_an_expert_is_added_as_if_it_had_been_there_all_along() -> None:
    data = training_data()
    added = clusters().fit(with_scores(data, data.scores[:, :2])).add_expert("cato", data.scores[:, 2])
    np.testing.assert_array_equal(
        added.predict(fresh_vectors()), clusters().fit(data).predict(fresh_vectors())
    )


def test_the_seed_decides_the_clusters() -> None:
    one, other = (clusters(clusters=8, seed=seed).fit(training_data()).centroids_ for seed in (0, 1))
    assert not np.array_equal(one, other)
