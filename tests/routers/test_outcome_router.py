"""What routers that predict arrays share: the pool's means, estimates that leave out what is unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks.miniature_routers import make_miniature

from experts.errors import ConfigError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.saving import load_header, load_state, save_fitted
from routers.training_data import expert_means


@pytest.fixture
def router(queries: list[Query], outcomes: OutcomeMatrix) -> Any:
    return make_miniature("clusters").fit(queries, outcomes)


def test_it_knows_its_pool_and_how_good_it_was(router: Any, outcomes: OutcomeMatrix) -> None:
    assert (router.kind, router.experts_, router.questions_) == ("clusters", outcomes.experts, 40)
    np.testing.assert_array_equal(router.accuracies_, expert_means(outcomes.mean_score()))


def test_arrays_are_refused_before_the_fit(queries: list[Query]) -> None:
    unfitted: Any = make_miniature("clusters")
    with pytest.raises(RouterNotFittedError, match=r"'clusters' router is not fitted: run `compound train`"):
        unfitted.predict(queries)


def test_all_that_it_knows_is_saved(router: Any, queries: list[Query], tmp_path: Path) -> None:
    router.save(tmp_path / "r")
    again: Any = make_miniature("clusters")
    again.load(tmp_path / "r")
    assert (again.experts_, again.questions_) == (router.experts_, 40)
    np.testing.assert_array_equal(again.accuracies_, router.accuracies_)
    np.testing.assert_array_equal(again.error_correlation_, router.error_correlation_)
    np.testing.assert_array_equal(again.predict(queries).chances, router.predict(queries).chances)


def test_the_folder_says_what_it_holds_in_words(router: Any, tmp_path: Path) -> None:
    router.save(tmp_path / "r")
    header = load_header(tmp_path / "r")
    assert (header.kind, header.experts, header.questions) == ("clusters", ("atlas", "bard", "cato"), 40)
    assert header.config["clusters"] == 5


@pytest.mark.parametrize("part", ["own", "shared"])
def test_a_state_without_a_part_is_refused_and_leaves_the_router_unfitted(
    router: Any, queries: list[Query], tmp_path: Path, part: str
) -> None:
    router.save(tmp_path / "r")
    state = load_state(tmp_path / "r")
    del state[part]
    save_fitted(tmp_path / "r", load_header(tmp_path / "r"), state)
    again: Any = make_miniature("clusters")
    with pytest.raises(ConfigError, match=rf"kind 'clusters' consists of \(KeyError\('{part}'\)\): train"):
        again.load(tmp_path / "r")
    with pytest.raises(RouterNotFittedError):
        again.route(queries, 1)


def test_a_fit_without_calibration_forgets_the_correlation_of_one_with(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router: Any = make_miniature("knn").fit(queries, outcomes)
    assert router.error_correlation_ is not None
    router.config = router.config.model_copy(update={"calibrate": False})
    assert router.fit(queries, outcomes).error_correlation_ is None
