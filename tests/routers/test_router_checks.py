"""One battery of checks over all routers; a new router is a line in `ROUTERS`.

After scikit-learn's estimator checks: what every router promises, whatever it learns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.errors import RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.baselines import FixedRouter, RandomRouter
from routers.router import Estimate, Router, aligned_scores
from routers.skills.config import (
    EncoderAnnotatorConfig,
    LlmAnnotatorConfig,
    ReleasedConfig,
    SkillRouterConfig,
)
from routers.skills.skill_router import SkillRouter

LLM = LlmAnnotatorConfig(kind="llm", expert="helper")
NEAREST = EncoderAnnotatorConfig(kind="encoder", skills=("capital", "river", "addition", "europe", "asia"))

ROUTERS: dict[str, Callable[[], Router]] = {
    "fixed": lambda: FixedRouter(["bard"]),
    "random": lambda: RandomRouter(seed=4),
    "skill": lambda: SkillRouter(SkillRouterConfig(kind="skill", annotator=LLM)),
    "skill-encoder": lambda: SkillRouter(SkillRouterConfig(kind="skill", annotator=NEAREST)),
    "skill-released": lambda: SkillRouter(SkillRouterConfig(kind="skill", mode="released", annotator=LLM)),
    "skill-paper": lambda: SkillRouter(
        SkillRouterConfig(
            kind="skill",
            mode="released",
            annotator=LLM,
            released=ReleasedConfig(selection="softmax", trim=0.05),
        )
    ),
}
LEARNED = [name for name in ROUTERS if name.startswith("skill")]


@pytest.fixture(params=ROUTERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def router(name: str) -> Any:
    return ROUTERS[name]()


@pytest.fixture
def fitted(router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any) -> Any:
    return router.fit(queries, outcomes, generate=annotator)


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
    fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    once = fitted.estimate(queries, generate=annotator)
    fitted.fit(queries, outcomes, generate=annotator)
    assert equal(once, fitted.estimate(queries, generate=annotator))


def test_check_the_order_of_the_questions_does_not_matter(
    name: str, fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    other = ROUTERS[name]().fit(queries[::-1], outcomes, generate=annotator)
    for a, b in zip(
        fitted.estimate(queries, generate=annotator), other.estimate(queries, generate=annotator), strict=True
    ):
        np.testing.assert_allclose(a.values, b.values, atol=1e-9)


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
    name: str, fitted: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    twin = ROUTERS[name]().fit(queries, outcomes, generate=annotator)
    assert fitted.route(queries, 2, generate=annotator) == twin.route(queries, 2, generate=annotator)


# Trimming looks at the whole batch, as the paper has it.
@pytest.mark.parametrize("name", [name for name in ROUTERS if name != "skill-paper"])
def test_check_one_query_is_routed_as_in_a_batch(
    name: str, fitted: Any, queries: list[Query], annotator: Any
) -> None:
    batch = fitted.route(queries, 2, generate=annotator)
    assert fitted.route(queries[4:5], 2, generate=annotator) == batch[4:5]


def test_check_an_expert_that_never_ran_is_ranked(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    score = outcomes.score.copy()
    score[:, 1] = np.nan
    thin = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, score)
    for estimate in router.fit(queries, thin, generate=annotator).estimate(queries, generate=annotator):
        assert np.isfinite(estimate.values).all()


@pytest.mark.parametrize("name", LEARNED)
def test_check_not_run_is_not_wrong(
    name: str, router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    score = np.tile([1.0, 0.6, 0.6], (len(queries), 1))
    score[1::2, 0] = np.nan
    half = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, score)
    ranked = router.fit(queries, half, generate=annotator).route(queries, 1, generate=annotator)
    assert all(decision.ranked[0] == "atlas" for decision in ranked)


def test_check_a_pool_of_one(
    router: Any, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    column = OutcomeMatrix.from_scores(outcomes.question_ids, ["bard"], outcomes.score[:, 1])
    decisions = router.fit(queries, column, generate=annotator).route(queries, 1, generate=annotator)
    assert all(d.chosen == ("bard",) for d in decisions)


def test_check_not_fitted_names_the_fix(router: Any, queries: list[Query], annotator: Any) -> None:
    with pytest.raises(RouterNotFittedError, match="compound profile"):
        router.estimate(queries, generate=annotator)
    with pytest.raises(RouterNotFittedError, match="compound profile"):
        router.decide(queries, [], 1)
    with pytest.raises(RouterNotFittedError, match="compound profile"):
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


@pytest.mark.parametrize("name", LEARNED)
def test_check_save_and_load(
    name: str, fitted: Any, queries: list[Query], tmp_path: Path, annotator: Any
) -> None:
    fitted.save(tmp_path / "p.json")
    again: Any = ROUTERS[name]()
    with pytest.raises(RouterNotFittedError):
        again.save(tmp_path / "q.json")
    assert again.load(tmp_path / "p.json").route(queries, 2, generate=annotator) == fitted.route(
        queries, 2, generate=annotator
    )


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
