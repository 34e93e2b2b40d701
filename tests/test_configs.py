"""Every configuration that is shipped or shown loads, and nothing in it can be known to fail."""

from pathlib import Path

import pytest

from aggregators.reading.config import JudgeConfig
from compound.check import check_config
from compound.config import default_config_path, load_config
from eval.pocket.teaching import PROMPTS, TRUST_PATTERN, aggregator_content
from experts.config import RecordedExpert
from experts.prompts import question_block
from experts.query import Query
from routers.policies.config import ThresholdPolicyConfig
from routers.skills.config import SkillRouterConfig

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


PLAYBACK = CONFIGS / "mmlu_pro_playback.yaml"
"""Needs a recording, and a router and a fusion that its own first lines make."""


@pytest.mark.parametrize("path", sorted({*CONFIGS.glob("*.yaml")} - {PLAYBACK}), ids=lambda path: path.stem)
def test_configuration_loads_and_passes_the_check(path: Path) -> None:
    report = check_config(load_config(path), environ={})
    report.raise_for_errors()
    assert report.ok


def test_playback_lacks_nothing_but_what_its_own_lines_make() -> None:
    config = load_config(PLAYBACK)
    report = check_config(config, environ={})
    missing = [error for error in report.errors if ".path: there is no file" in error]
    assert len(missing) == len(config.experts) == 7
    others = [error for error in report.errors if error not in missing]
    assert all("../runs" in error or "/runs/" in error for error in others), others
    experts = [expert for expert in config.experts.values() if isinstance(expert, RecordedExpert)]
    assert len({expert.model for expert in experts}) == 7
    assert all(expert.parameters_b for expert in experts)


def test_default_configuration_is_the_same_from_both_folders() -> None:
    link = CONFIGS / "pocket.yaml"
    assert link.is_symlink()
    assert not link.readlink().is_absolute()
    assert load_config(link) == load_config(default_config_path())


def test_released_mode_differs_from_the_default_in_the_router_alone() -> None:
    default, released = load_config(default_config_path()), load_config(CONFIGS / "pocket_released.yaml")
    assert isinstance(default.router, SkillRouterConfig)
    assert released.router == default.router.model_copy(update={"mode": "released"})
    assert released.model_copy(update={"router": default.router}) == default


def test_threshold_differs_from_the_default_in_policy_and_fusing() -> None:
    default, threshold = load_config(default_config_path()), load_config(CONFIGS / "pocket_threshold.yaml")
    assert threshold.policy == ThresholdPolicyConfig(kind="threshold", chance=0.8)
    assert (threshold.experts, threshold.router, threshold.k) == (default.experts, default.router, default.k)


def test_paper_pool_is_complete() -> None:
    config = load_config(CONFIGS / "symbolic_moe_16.yaml")
    assert len(config.experts) == 16
    assert config.k == 3
    assert {expert.sampling.temperature for expert in config.experts.values()} == {0.7}


def test_miniature_models_read_what_they_were_taught_to_read() -> None:
    config = load_config(default_config_path())
    assert config.prompts == PROMPTS
    assert isinstance(config.aggregator, JudgeConfig)
    assert config.aggregator.pattern == TRUST_PATTERN
    prompt = config.aggregator.prompt
    assert prompt.system == ""
    assert prompt.candidate_view == "last_line"
    query = Query.from_text("What is the capital of France?", choices=["Paris", "Rome"])
    candidates = [("abacus", "The answer is (B)."), ("atlas", "The answer is (A).")]
    asked = prompt.template.format(
        question=question_block(query),
        candidates=prompt.separator.join(prompt.candidate.format(expert=n, text=t) for n, t in candidates),
    )
    assert asked == aggregator_content(query, candidates)
