"""One battery of checks over all routers; a new kind is a line in `checks.miniature_routers`.

After scikit-learn's estimator checks: what every router promises, whatever it learns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from checks.miniature_routers import ROUTERS, TRAINED, make_miniature

from experts.errors import RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.outcome_router import OutcomeRouter
from routers.prediction import Prediction
from routers.router import Estimate, Router, aligned_scores

TOLERANCE = 1e-6
"""Of floats across batches: matrix products of other shapes round otherwise."""


Make = Callable[[], Router]


@pytest.fixture(params=ROUTERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(name: str, request: pytest.FixtureRequest) -> Make:
    model = request.getfixturevalue("tiny_model") if name.startswith("transformer") else ""
    return lambda: make_miniature(name, model)


@pytest.fixture
def router(make: Make) -> Any:
    return make()


_FITTED: dict[str, Any] = {}


@pytest.fixture
def fitted(name: str, make: Make, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any) -> Any:
    """One for all checks, which do not fit it again."""
    if name not in _FITTED:
        _FITTED[name] = make().fit(queries, outcomes, generate=annotator)
        annotator.calls.clear()
    return _FITTED[name]


def scored(outcomes: OutcomeMatrix, experts: Sequence[str], score: Any) -> OutcomeMatrix:
    """Other scores of the same questions."""
    return OutcomeMatrix.from_scores(outcomes.question_ids, experts, score, subjects=outcomes.subjects)


def state(router: Any) -> dict[str, str]:
    """What the constructor stored, in words."""
    return {key: repr(value) for key, value in vars(router).items() if not key.endswith("_")}


def equal(one: list[Estimate], other: list[Estimate]) -> bool:
    return all(np.array_equal(a.values, b.values) for a, b in zip(one, other, strict=True))


def test_check_fit_stores_arguments_untouched_and_returns_the_router(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    before = state(router)
    assert router.fit(queries, outcomes, generate=annotator) is router
    assert state(router) == before
    assert router.experts_ == outcomes.experts


def test_check_fitting_twice_is_fitting_once(
    make: Make, fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    once = fitted.estimate(queries, generate=annotator)
    fewer = outcomes.take(range(5, 40))
    twice = make().fit(queries[5:], fewer, generate=annotator).fit(queries, outcomes, generate=annotator)
    assert equal(once, twice.estimate(queries, generate=annotator))


def test_check_the_order_of_the_questions_does_not_matter(
    make: Make, fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    other = make().fit(queries[::-1], outcomes, generate=annotator)
    for a, b in zip(
        fitted.estimate(queries, generate=annotator), other.estimate(queries, generate=annotator), strict=True
    ):
        np.testing.assert_allclose(a.values, b.values, rtol=0, atol=TOLERANCE)


def test_check_inputs_are_not_changed(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    asked, score = copy.deepcopy(queries), outcomes.score.copy()
    router.fit(queries, outcomes, generate=annotator).route(queries, 2, generate=annotator)
    assert queries == asked
    np.testing.assert_array_equal(outcomes.score, score)


def test_check_decisions_come_in_order_and_number(fitted: Any, queries: list[Query], annotator: Any) -> None:
    for batch in (queries, queries[::-1], queries[3:4], []):
        assert [d.query_id for d in fitted.route(batch, 1, generate=annotator)] == [q.id for q in batch]
        assert len(fitted.estimate(batch, generate=annotator)) == len(batch)


def test_check_every_expert_is_ranked_and_only_known_ones_are_chosen(
    fitted: Any, queries: list[Query], experts: tuple[str, ...], annotator: Any
) -> None:
    for decision in fitted.route(queries, 2, generate=annotator):
        assert sorted(decision.ranked) == sorted(experts) == sorted(decision.estimates)
        assert len(decision.chosen) == 2 and set(decision.chosen) <= set(experts)
        ranked = [decision.estimates[name] for name in decision.ranked]
        assert ranked == sorted(ranked, reverse=True)
        assert decision.router == fitted.kind and decision.reasons


def test_check_estimates_are_finite_and_probabilities_where_calibrated(
    fitted: Any, queries: list[Query], experts: tuple[str, ...], annotator: Any
) -> None:
    for estimate in fitted.estimate(queries, generate=annotator):
        assert estimate.values.shape == (len(experts),) and estimate.values.dtype == np.float64
        assert np.isfinite(estimate.values).all()
        assert not estimate.calibrated or ((estimate.values > 0) & (estimate.values < 1)).all()


def test_check_routing_is_deterministic(
    make: Make, fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    twin = make().fit(queries, outcomes, generate=annotator)
    assert fitted.route(queries, 2, generate=annotator) == twin.route(queries, 2, generate=annotator)


# Trimming looks at the whole batch, as the paper has it.
@pytest.mark.parametrize("name", [name for name in ROUTERS if name != "skill-paper"])
def test_check_one_query_is_estimated_as_in_a_batch(
    name: str, fitted: Any, queries: list[Query], annotator: Any
) -> None:
    batch = fitted.estimate(queries, generate=annotator)
    for row in (0, 4):
        alone = fitted.estimate(queries[row : row + 1], generate=annotator)[0]
        np.testing.assert_allclose(alone.values, batch[row].values, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(alone.novelty, batch[row].novelty, rtol=0, atol=TOLERANCE)
        assert alone.calibrated == batch[row].calibrated


@pytest.mark.parametrize("name", [name for name in ROUTERS if name != "skill-paper"])
def test_check_what_is_decided_depends_on_the_query_alone(
    name: str, fitted: Any, queries: list[Query], annotator: Any
) -> None:
    estimates = fitted.estimate(queries, generate=annotator)
    batch = fitted.decide(queries, estimates, 2)
    assert fitted.decide(queries[4:5], estimates[4:5], 2) == batch[4:5]


@pytest.mark.parametrize("name", list(TRAINED))
def test_check_arrays_are_the_estimates(
    name: str, fitted: Any, queries: list[Query], annotator: Any, experts: tuple[str, ...]
) -> None:
    if not isinstance(fitted, OutcomeRouter):
        pytest.skip("gives no arrays")
    arrays = fitted.predict(queries, generate=annotator)
    stacked = Prediction.stacked(fitted.estimate(queries, generate=annotator))
    np.testing.assert_array_equal(arrays.chances, stacked.chances)
    np.testing.assert_array_equal(arrays.tokens, stacked.tokens)
    np.testing.assert_array_equal(arrays.novelty, stacked.novelty)
    assert fitted.predict([], generate=annotator).chances.shape == (0, len(experts))


def test_check_an_expert_that_never_ran_is_ranked(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    score = outcomes.score.copy()
    score[:, 1] = np.nan
    thin = scored(outcomes, outcomes.experts, score)
    for estimate in router.fit(queries, thin, generate=annotator).estimate(queries, generate=annotator):
        assert np.isfinite(estimate.values).all()


@pytest.mark.parametrize("name", list(TRAINED))
def test_check_not_run_is_not_wrong(
    name: str, router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    score = np.tile([1.0, 0.6, 0.6], (len(queries), 1))
    score[1::2, 0] = np.nan
    half = scored(outcomes, outcomes.experts, score)
    ranked = router.fit(queries, half, generate=annotator).route(queries, 1, generate=annotator)
    assert all(decision.ranked[0] == "atlas" for decision in ranked)


def test_check_a_pool_of_one(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    column = scored(outcomes, ["bard"], outcomes.score[:, 1:2, 0])
    decisions = router.fit(queries, column, generate=annotator).route(queries, 1, generate=annotator)
    assert all(d.chosen == ("bard",) for d in decisions)


def test_check_not_fitted_names_the_fix(name: str, router: Any, queries: list[Query], annotator: Any) -> None:
    trained = "profile" if name.startswith("skill") else "train"
    fix = rf"compound {trained}" if name in TRAINED else r"bind\(experts\)"
    with pytest.raises(RouterNotFittedError, match=fix):
        router.estimate(queries, generate=annotator)
    with pytest.raises(RouterNotFittedError, match=fix):
        router.decide(queries, [], 1)
    with pytest.raises(RouterNotFittedError, match=fix):
        router.route(queries, 1, generate=annotator)
    assert annotator.calls == []


@pytest.mark.parametrize("k", [0, -1, 4])
def test_check_k_outside_the_pool_is_refused_before_anything_is_spent(
    fitted: Any, queries: list[Query], annotator: Any, k: int
) -> None:
    calls = len(annotator.calls)
    with pytest.raises(RouterError, match=f"between 1 and 3.*got {k}"):
        fitted.route(queries, k, generate=annotator)
    assert len(annotator.calls) == calls


def test_check_questions_and_outcomes_must_be_the_same(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    with pytest.raises(RouterError, match=r"1 only among the outcomes \['q0'\]"):
        router.fit(queries[1:], outcomes, generate=annotator)
    with pytest.raises(RouterError, match="unique"):
        router.fit([*queries[1:], queries[1]], outcomes, generate=annotator)


def test_check_outcomes_without_any_run_are_refused(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    empty = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, np.full((40, 3), np.nan))
    with pytest.raises(RouterError, match="no run at all"):
        router.fit(queries, empty, generate=annotator)


def test_scores_are_put_in_the_order_of_the_queries(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    np.testing.assert_array_equal(aligned_scores(queries[::-1], outcomes), outcomes.mean_score()[::-1])
