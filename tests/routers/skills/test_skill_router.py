"""The skill router as a whole, on a pool whose knowledge hangs on combinations of skills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.engine import Generate
from experts.errors import ConfigError, RouterError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.skills.config import EncoderAnnotatorConfig, ReleasedConfig, SkillRouterConfig
from routers.skills.shrinkage import Array, expert_means
from routers.skills.skill_router import SkillRouter

NEW = [
    Query.from_text(text, id=text)
    for text in ("capital of asia?", "capital of europe?", "addition of large numbers?")
]
RIGHT = ["bard", "atlas", "cato"]


@pytest.fixture
def fitted(
    skill_config: SkillRouterConfig, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> SkillRouter:
    return SkillRouter(skill_config).fit(queries, outcomes, generate=annotator)


def test_new_questions_go_to_who_knows_the_combination(fitted: SkillRouter, annotator: Any) -> None:
    decisions = fitted.route(NEW, 1, generate=annotator)
    assert [d.chosen for d in decisions] == [(name,) for name in RIGHT]
    assert all(d.calibrated and d.estimates[d.chosen[0]] > 0.6 for d in decisions)


def test_the_reasons_name_keywords_and_counts(fitted: SkillRouter, annotator: Any) -> None:
    [decision] = fitted.route(NEW[:1], 1, generate=annotator)
    assert decision.reasons[0] == "Keywords: asia, capital."
    assert decision.reasons[1] == "bard: right on 7 of 8 questions about asia, capital."


def test_annotation_is_one_batch_and_known_keywords_need_no_encoder(
    skill_config: SkillRouterConfig, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    class Untouched:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError("The encoder is not needed here.")

    router = SkillRouter(skill_config, encoder=Untouched()).fit(queries, outcomes, generate=annotator)
    router.route(NEW, 2, generate=annotator)
    assert [count for _, count, _ in annotator.calls] == [40, 3]


def test_an_unknown_keyword_takes_the_counts_of_near_ones_and_says_so(
    fitted: SkillRouter, annotator: Any
) -> None:
    annotator.reply = lambda _: "Keywords: capitals, asia"
    [near] = fitted.estimate(NEW[:1], generate=annotator)
    assert int(np.argmax(near.values)) == 1
    assert any(
        "'capitals' is not in the profiles and was taken for capital (0." in line for line in near.reasons
    )
    annotator.reply = lambda _: "Keywords: capital, asia"
    [known] = fitted.estimate(NEW[:1], generate=annotator)
    assert known.values[1] > near.values[1] > expert_means(fitted.profiles_.totals)[1]


def test_an_unknown_keyword_near_nothing_leaves_the_experts_means(
    fitted: SkillRouter, annotator: Any
) -> None:
    annotator.reply = lambda _: "Keywords: xyzzy"
    [estimate] = fitted.estimate(NEW[:1], generate=annotator)
    np.testing.assert_allclose(estimate.values, expert_means(fitted.profiles_.totals))
    assert any("near no known keyword" in line for line in estimate.reasons)
    assert any("overall shares of right answers" in line for line in estimate.reasons)
    assert any("of 40 questions overall" in line for line in estimate.reasons)


def test_three_keywords_two_of_them_taken_for_one(fitted: SkillRouter, annotator: Any) -> None:
    annotator.reply = lambda _: "Keywords: capitals, capital, europe"
    [estimate] = fitted.estimate(NEW[:1], generate=annotator)
    assert int(np.argmax(estimate.values)) == 0 and np.isfinite(estimate.values).all()


def test_a_failed_annotation_leaves_the_means_and_its_reason(fitted: SkillRouter, annotator: Any) -> None:
    annotator.error = "the helper is down"
    [decision] = fitted.route(NEW[:1], 3, generate=annotator)
    assert "the helper is down" in decision.reasons[0]
    assert len(decision.chosen) == 3


def test_the_annotators_llm_needs_the_port(
    skill_config: SkillRouterConfig, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    with pytest.raises(RouterError, match="pass `generate=`"):
        SkillRouter(skill_config).fit(queries, outcomes)


def test_with_an_encoder_annotator_no_llm_is_asked(
    queries: list[Query], outcomes: OutcomeMatrix, no_generate: Generate
) -> None:
    skills = ("capital", "river", "addition", "europe", "asia", "small numbers", "large numbers")
    config = SkillRouterConfig(kind="skill", annotator=EncoderAnnotatorConfig(kind="encoder", skills=skills))
    router = SkillRouter(config).fit(queries, outcomes, generate=no_generate)
    decisions = router.route(NEW, 1, generate=no_generate)
    assert [d.chosen[0] for d in decisions] == RIGHT


def test_the_released_mode_recruits_with_replacement_and_is_not_calibrated(
    skill_config: SkillRouterConfig, queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    config = skill_config.model_copy(update={"mode": "released", "released": ReleasedConfig(seed=3)})
    router = SkillRouter(config).fit(queries, outcomes, generate=annotator)
    decisions = router.route(queries, 3, generate=annotator)
    assert not decisions[0].calibrated
    assert any(len(set(d.chosen)) < 3 for d in decisions)
    assert all(np.isclose(sum(d.estimates.values()), 1) for d in decisions)


def test_k_can_be_swept_over_estimates_made_once(fitted: SkillRouter, annotator: Any) -> None:
    estimates = fitted.estimate(NEW, generate=annotator)
    calls = len(annotator.calls)
    for k in (1, 2, 3):
        assert [len(d.chosen) for d in fitted.decide(NEW, estimates, k)] == [k] * 3
    assert len(annotator.calls) == calls


def test_a_given_shrinkage_overrides_the_fitted_one(
    skill_config: SkillRouterConfig, fitted: SkillRouter, annotator: Any
) -> None:
    stiff = SkillRouter(skill_config.model_copy(update={"shrinkage": 1e6})).use(fitted.profiles_)
    [estimate] = stiff.estimate(NEW[:1], generate=annotator)
    np.testing.assert_allclose(estimate.values, expert_means(stiff.profiles_.totals), atol=1e-3)


def test_what_was_fitted_survives_the_file(
    tmp_path: Path, skill_config: SkillRouterConfig, fitted: SkillRouter, annotator: Any
) -> None:
    fitted.save(tmp_path / "profiles.json")
    again = SkillRouter(skill_config).load(tmp_path / "profiles.json")
    assert again.profiles_.shrinkage == fitted.profiles_.shrinkage is not None
    assert again.route(NEW, 2, generate=annotator) == fitted.route(NEW, 2, generate=annotator)
    with pytest.raises(ConfigError):
        again.load(tmp_path / "none.json")


def test_estimates_are_calibrated_on_fresh_questions(skill_config: SkillRouterConfig, annotator: Any) -> None:
    rng = np.random.default_rng(5)
    pairs = [("capital", "europe"), ("capital", "asia"), ("river", "europe"), ("addition", "large numbers")]
    chance = rng.random((len(pairs), 3))

    def ask(n: int, tag: str) -> tuple[list[Query], Array, Array]:
        rows = rng.integers(0, len(pairs), n)
        asked = [
            Query.from_text(f"{pairs[i][0]} of {pairs[i][1]}?", id=f"{tag}{j}") for j, i in enumerate(rows)
        ]
        return asked, chance[rows], (rng.random((n, 3)) < chance[rows]).astype(float)

    asked, _, right = ask(400, "a")
    outcomes = OutcomeMatrix.from_scores([q.id for q in asked], ("p", "q", "r"), right)
    router = SkillRouter(skill_config).fit(asked, outcomes, generate=annotator)
    fresh, truth, _ = ask(200, "b")
    values = np.array([e.values for e in router.estimate(fresh, generate=annotator)])
    assert np.abs(values - truth).mean() < 0.06
