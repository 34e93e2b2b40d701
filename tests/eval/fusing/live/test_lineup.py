"""Which aggregators have a row, and how those are written that nobody configured."""

from typing import Any

import pytest
from checks.scripted_systems import SAMPLING, content

from aggregators.votes.config import MajorityVoteConfig
from compound.config import SystemConfig
from eval.fusing.live.lineup import Lineup, lineup
from experts.errors import ConfigError


def found(aggregator: dict[str, Any], **more: Any) -> Lineup:
    helpers = {"reader": {"kind": "scripted", "sampling": SAMPLING}}
    return lineup(SystemConfig.model_validate(content(aggregator=aggregator, helpers=helpers)), **more)


JUDGE: dict[str, Any] = {"kind": "judge", "expert": "reader"}


def test_vote_and_top_come_first_and_every_kind_has_a_row_or_a_reason() -> None:
    compared = found(JUDGE)
    assert list(compared.options)[:2] == ["vote", "top"]
    assert {"weighted", "synthesis", "judge", "on_agreement"} <= set(compared.options)
    assert compared.configured == "judge"
    assert not set(compared.options) & set(compared.left_out)
    assert compared.left_out["abstain"].startswith("it cannot be written without more (`inner`")
    assert "chosen" not in {*compared.options, *compared.left_out}
    assert "certainty: true" in compared.left_out["certainty"]


def test_the_configured_aggregators_expert_reads_in_all_rows() -> None:
    options = found(JUDGE).options
    assert getattr(options["synthesis"], "expert") == "reader"  # noqa: B009
    inner = getattr(options["on_agreement"], "inner")  # noqa: B009
    assert inner == options["judge"]


def test_a_reader_can_be_named_and_must_be_there() -> None:
    assert found({"kind": "majority"}).reader is None
    assert "synthesis" in found({"kind": "majority"}, reader="ann").options
    with pytest.raises(ConfigError, match="no expert 'zoe' to read"):
        found(JUDGE, reader="zoe")


def test_the_layout_of_the_prompt_is_carried_over_but_not_its_task() -> None:
    prompt = {"separator": " | ", "system": "", "choice_instruction": "Say which is best."}
    options = found(JUDGE | {"prompt": prompt}).options
    written = options["synthesis"].model_dump()["prompt"]
    assert (written["separator"], written["system"]) == (" | ", "")
    assert (
        written["choice_instruction"]
        == found(JUDGE).options["synthesis"].model_dump()["prompt"]["choice_instruction"]
    )


def test_further_rows_are_added_and_the_configured_one_keeps_its_name() -> None:
    compared = found({"kind": "majority"}, more={"mine": MajorityVoteConfig()})
    assert list(compared.options)[-1] == "mine"
    assert compared.configured == "vote"
