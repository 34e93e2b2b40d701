"""Configuration and pool to router."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experts.errors import ConfigError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.baselines import FixedRouter, RandomRouter
from routers.build import build_router
from routers.config import FixedRouterConfig, RandomRouterConfig
from routers.skills.config import SkillRouterConfig
from routers.skills.skill_router import SkillRouter


@pytest.fixture
def on_file(
    tmp_path: Path,
    skill_config: SkillRouterConfig,
    queries: list[Query],
    outcomes: OutcomeMatrix,
    annotator: Any,
) -> SkillRouterConfig:
    path = tmp_path / "profiles.json"
    SkillRouter(skill_config).fit(queries, outcomes, generate=annotator).save(path)
    return skill_config.model_copy(update={"profiles": path})


def test_the_baselines_come_ready(experts: tuple[str, ...], queries: list[Query]) -> None:
    fixed = build_router(FixedRouterConfig(kind="fixed", experts=("cato",)), experts)
    chance = build_router(RandomRouterConfig(kind="random", seed=9), experts)
    assert isinstance(fixed, FixedRouter) and isinstance(chance, RandomRouter) and chance.seed == 9
    assert fixed.route(queries[:1], 1)[0].chosen == ("cato",)
    assert len(chance.route(queries, 2)) == len(queries)


def test_a_fixed_expert_outside_the_pool_is_named(experts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="dora"):
        build_router(FixedRouterConfig(kind="fixed", experts=("dora",)), experts)


def test_profiles_on_file_make_a_fitted_router(
    on_file: SkillRouterConfig, experts: tuple[str, ...], queries: list[Query], annotator: Any
) -> None:
    decision = build_router(on_file, experts).route(queries[:1], 1, generate=annotator)[0]
    assert decision.chosen == ("atlas",)


def test_the_pool_may_be_smaller_and_in_another_order(
    on_file: SkillRouterConfig, queries: list[Query], annotator: Any
) -> None:
    decision = build_router(on_file, ["cato", "bard"]).route(queries[:1], 1, generate=annotator)[0]
    assert set(decision.estimates) == {"cato", "bard"}


def test_experts_without_a_profile_are_named_beside_those_with_one(on_file: SkillRouterConfig) -> None:
    with pytest.raises(ConfigError, match=r"\['dora'\].*\['atlas', 'bard', 'cato'\]"):
        build_router(on_file, ["atlas", "dora"])


def test_without_profiles_the_router_is_to_be_fitted(
    skill_config: SkillRouterConfig, experts: tuple[str, ...], queries: list[Query], annotator: Any
) -> None:
    with pytest.raises(RouterNotFittedError, match="compound profile"):
        build_router(skill_config, experts).route(queries, 1, generate=annotator)
