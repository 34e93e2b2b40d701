"""Systems of recorded experts: what they say of themselves, and that plan and simulation agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import content

from compound.config import SystemConfig
from compound.planning import plan
from compound.planning_machine import known_costs
from compound.system import Compound
from experts.query import Query
from experts.scheduling.costs import CostBook

TOKENS = 200
"""Of every answer, and half of what is allowed: what a plan expects where it knows nothing."""
FAMILIES = {"ann": "llama", "bob": "qwen", "cy": "llama"}
QUERIES = [Query.from_text(f"What is {i:03d} plus {i:03d}?", id=f"q{i}") for i in range(120)]


def recorded(folder: Path, name: str, tokens: int | None = TOKENS, **changes: Any) -> dict[str, Any]:
    path = folder / f"{name}.jsonl"
    rows = [{"query_id": q.id, "text": "The answer is 4.", "completion_tokens": tokens} for q in QUERIES]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    sampling = {"max_tokens": 2 * TOKENS}
    return {"kind": "recorded", "path": str(path), "sampling": sampling, "parameters_b": 8.0} | changes


def config(folder: Path, slots: int = 1, **changes: Any) -> SystemConfig:
    experts = {name: recorded(folder, name, family=family) for name, family in FAMILIES.items()}
    return SystemConfig.model_validate(content(experts | changes, hosting={"slots": slots}))


def test_a_system_says_who_is_played_back_and_whose_lengths_are_estimated(tmp_path: Path) -> None:
    live = {"kind": "scripted", "sampling": {"max_tokens": 8}, "default": "The answer is 4."}
    with Compound(config(tmp_path, bob=recorded(tmp_path, "uncounted", None), dee=live)) as system:
        assert system.played_back == ("ann", "bob", "cy")
        assert system.estimated_tokens == ("bob",)


def test_a_system_without_recordings_plays_nothing_back() -> None:
    with Compound(SystemConfig.model_validate(content())) as system:
        assert (system.played_back, system.estimated_tokens) == ((), ())
        assert (system.simulated_seconds(), system.switches().total) == (0.0, 0)


@pytest.mark.parametrize("slots", [1, 2])
def test_plan_and_simulation_agree(tmp_path: Path, slots: int) -> None:
    settings = config(tmp_path, slots)
    with Compound(settings) as system:
        planned = system.plan(QUERIES)
        answers = system.answer(QUERIES)
        assert all(c.ok for answer in answers for c in answer.completions)
        assert system.switches() == planned.switches
        assert system.simulated_seconds() == pytest.approx(planned.seconds, rel=0.02)
    assert (planned.device, planned.start_s) == ("simulated gpu", 0.0)
    assert planned.guessed_share == pytest.approx(1.0)
    assert sum(r.requests for part in planned.rounds[0].slots for r in part) == 360


def test_the_simulated_clock_goes_on_from_call_to_call(tmp_path: Path) -> None:
    with Compound(config(tmp_path)) as system:
        system.answer(QUERIES[:10])
        first, switches = system.simulated_seconds(), system.switches().total
        system.answer(QUERIES[10:20])
        assert system.simulated_seconds() > first
        assert system.switches().total == switches + 2, "the expert that was resident is not loaded again"


def test_recorded_experts_take_no_slot_in_the_plan_of_hosted_ones(tmp_path: Path) -> None:
    hosted = {"kind": "vllm", "model": "someone/something", "sampling": {"max_tokens": 8}}
    mixed = config(tmp_path, dee=hosted)
    planned = plan(QUERIES, mixed, CostBook("cpu x2"))
    assert {r.expert for one in planned.rounds for part in one.slots for r in part} == {"dee"}
    assert planned.start_s > 0
    assert known_costs(config(tmp_path)).device == "simulated gpu" != known_costs(mixed).device


def test_without_a_size_no_slot_is_planned(tmp_path: Path) -> None:
    experts = {name: recorded(tmp_path, name, parameters_b=None) for name in FAMILIES}
    settings = SystemConfig.model_validate(content(experts))
    planned = plan(QUERIES, settings, known_costs(settings))
    assert (planned.bottleneck, planned.seconds) == (None, 0.0)
