"""Routers of all kinds come back from their folders, for their own pool or a part of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks.miniature_routers import TRAINED, make_miniature

from experts.errors import ConfigError, RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.router import Router
from routers.trained import MaskedRouter, load_trained, save_trained


@pytest.fixture(params=TRAINED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(name: str, request: pytest.FixtureRequest) -> Callable[[], Router]:
    model = request.getfixturevalue("tiny_model") if name.startswith("transformer") else ""
    return lambda: make_miniature(name, model)


@pytest.fixture
def knn(queries: list[Query], outcomes: OutcomeMatrix, tmp_path: Path) -> tuple[Router, Path]:
    """A fitted router and its folder."""
    router = make_miniature("knn").fit(queries, outcomes)
    save_trained(router, tmp_path / "knn")
    return router, tmp_path / "knn"


def test_every_kind_comes_back_as_it_was(
    make: Callable[[], Router],
    queries: list[Query],
    outcomes: OutcomeMatrix,
    annotator: Any,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "router"
    with pytest.raises(RouterNotFittedError):
        save_trained(make(), folder)
    router = make().fit(queries, outcomes, generate=annotator)
    save_trained(router, folder)
    again = load_trained(folder)
    assert again.route(queries, 2, generate=annotator) == router.route(queries, 2, generate=annotator)
    whole = router.estimate(queries, generate=annotator)
    part = load_trained(folder, ["cato", "atlas"])
    for masked, full in zip(part.estimate(queries, generate=annotator), whole, strict=True):
        np.testing.assert_array_equal(masked.values, full.values[[2, 0]])
        assert masked.calibrated == full.calibrated and masked.reasons == full.reasons


def test_a_pool_in_another_order_gets_the_same_decisions(
    knn: tuple[Router, Path], queries: list[Query]
) -> None:
    router, folder = knn
    other = load_trained(folder, ["cato", "bard", "atlas"])
    for a, b in zip(other.route(queries, 2), router.route(queries, 2), strict=True):
        assert a.chosen == b.chosen and a.estimates == b.estimates


def test_a_masked_router_chooses_the_best_of_its_pool(
    knn: tuple[Router, Path], queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router, folder = knn
    masked = load_trained(folder, ["cato", "bard"])
    assert isinstance(masked, MaskedRouter) and masked.experts_ == ("cato", "bard")
    for decision, whole in zip(masked.route(queries, 1), router.route(queries, 1), strict=True):
        assert decision.chosen == tuple(n for n in whole.ranked if n != "atlas")[:1]
    with pytest.raises(RouterError, match=r"between 1 and 2.*got 3"):
        masked.route(queries, 3)
    with pytest.raises(RouterError, match="not fitted again"):
        masked.fit(queries, outcomes)


def test_an_expert_that_the_router_does_not_know_is_named(knn: tuple[Router, Path]) -> None:
    with pytest.raises(ConfigError, match=r"knows no expert dora; it was trained on atlas, bard, cato"):
        load_trained(knn[1], ["atlas", "dora"])


def test_a_configuration_of_another_version_is_refused(knn: tuple[Router, Path]) -> None:
    path = knn[1] / "router.json"
    header = json.loads(path.read_text(encoding="utf-8"))
    header["config"]["colour"] = "red"
    path.write_text(json.dumps(header), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"does not know \(knn.colour: .*compound train"):
        load_trained(knn[1])


def test_a_folder_of_another_kind_is_refused(knn: tuple[Router, Path]) -> None:
    other: Any = make_miniature("linear")
    with pytest.raises(ConfigError, match=r"is of kind 'knn', not 'linear'"):
        other.load(knn[1])


def test_a_state_of_another_router_is_refused(
    knn: tuple[Router, Path], queries: list[Query], outcomes: OutcomeMatrix, tmp_path: Path
) -> None:
    save_trained(make_miniature("best_single").fit(queries, outcomes), tmp_path / "best")
    (knn[1] / "state.skops").write_bytes((tmp_path / "best" / "state.skops").read_bytes())
    with pytest.raises(ConfigError, match=r"does not hold what one of kind 'knn' consists of.*train it"):
        load_trained(knn[1])


def test_a_folder_that_cannot_be_written_is_named(
    knn: tuple[Router, Path], queries: list[Query], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cannot be written to .*file"):
        save_trained(knn[0], tmp_path / "file" / "router")
