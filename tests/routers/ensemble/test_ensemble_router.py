"""The ensemble weighs its members by what they know of questions they had not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks.miniature_routers import make_miniature

from experts.encoders.build import build_encoder
from experts.encoders.config import EncoderConfig
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.ensemble.config import EnsembleConfig
from routers.ensemble.ensemble_router import EnsembleRouter
from routers.making import make_estimator

SMALL = {"kind": "lexical", "dimensions": 8}
KNN = {"kind": "knn", "encoder": SMALL}
USELESS = {"kind": "descriptions", "descriptions": {"atlas": "number"}, "strength": 0.0, "encoder": SMALL}
SMALLER = {"kind": "clusters", "clusters": 5, "encoder": {"kind": "lexical", "dimensions": 6}}


def ensemble(*members: dict[str, Any], **options: Any) -> EnsembleRouter:
    config = EnsembleConfig.model_validate({"kind": "ensemble", "members": members})
    return EnsembleRouter(config, make_estimator, **options)


def test_who_is_good_is_chosen(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    decisions = ensemble(KNN, SMALLER).fit(queries, outcomes).route(queries[35:], 1)
    assert [d.chosen[0] for d in decisions] == ["atlas", "bard", "cato", "bard", "cato"]
    assert all(d.calibrated for d in decisions)


def test_a_member_that_knows_nothing_weighs_less(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    weights = ensemble(USELESS, KNN).fit(queries, outcomes).stacking_.weights()
    assert weights.shape == (3, 2)
    assert (weights[:, 1] > 0.5).all()


def test_reasons_name_the_members_the_weightiest_first(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    router = ensemble(SMALLER, KNN, SMALLER, SMALLER).fit(queries, outcomes)
    reasons = router.estimate(queries[:1])[0].reasons
    shown = [float(reason.split("(weight ")[1].split(")")[0]) for reason in reasons]
    assert shown == sorted(shown, reverse=True)
    assert 3 <= len(reasons) <= 6 and all(": " in reason for reason in reasons)


def test_equal_encoders_are_built_once_and_encode_once(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    built: list[EncoderConfig] = []

    def build(config: EncoderConfig) -> Any:
        built.append(config)
        return build_encoder(config)

    router = ensemble(KNN, SMALLER, {**KNN, "neighbours": 3}, build=build).fit(queries, outcomes)
    assert len(built) == 2
    vectors = router.encode(queries)
    assert [vectors[i].shape[1] for i in (0, 1)] == [8, 6]
    np.testing.assert_array_equal(router.predict_vectors(vectors).chances, router.predict(queries).chances)


def test_one_member_is_as_good_as_the_router_of_its_kind(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    alone: Any = make_miniature("knn").fit(queries, outcomes)
    np.testing.assert_allclose(
        ensemble(KNN).fit(queries, outcomes).predict(queries).chances,
        alone.predict(queries).chances,
        atol=1e-9,
    )


def test_no_member_is_refused() -> None:
    with pytest.raises(ValueError, match="members"):
        ensemble()


def test_left_out_estimates_are_kept_in_the_order_of_the_questions(
    queries: list[Query], outcomes: OutcomeMatrix, tmp_path: Path
) -> None:
    router = ensemble(KNN, SMALLER).fit(queries, outcomes)
    assert router.left_out_ is not None and router.left_out_.shape == (40, 3)
    turned = ensemble(KNN, SMALLER).fit(queries[::-1], outcomes)
    np.testing.assert_array_equal(turned.left_out_, router.left_out_[::-1])
    right = outcomes.mean_score() == 1.0
    assert router.left_out_[right].mean() < router.predict(queries).chances[right].mean()
    router.save(tmp_path / "router")
    assert ensemble(KNN, SMALLER).load(tmp_path / "router").left_out_ is None
