"""What the planner takes an aggregator to ask: the rounds of every kind, counted on stand-ins."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from compound.config import SystemConfig, default_config_path, load_config
from compound.planning import plan
from compound.planning_aggregation import Asked, asked_by
from experts.query import Query
from experts.sampling import SamplingConfig
from experts.scheduling.costs import CostBook

SAMPLING = SamplingConfig(max_tokens=9)


def asked(aggregator: Mapping[str, Any], number: int = 4, characters: int = 200) -> dict[str, Asked]:
    config = TypeAdapter(AggregatorConfig).validate_python(aggregator)
    queries = [Query.from_text("Which?", id=f"q{i}", choices=("red", "green")) for i in range(number)]
    return asked_by(build_aggregator(config), queries, ["ann", "bob"], characters, lambda *_: 50)


@pytest.mark.parametrize(
    ("aggregator", "requests"),
    [
        ({"kind": "majority"}, {}),
        ({"kind": "judge", "expert": "x"}, {"x": 4}),
        ({"kind": "nominal_group", "expert": "x"}, {"x": 4}),
        ({"kind": "judge_then_synthesise", "expert": "x"}, {"x": 8}),
        ({"kind": "mixture", "expert": "x", "proposers": ["a", "b"]}, {"a": 4, "b": 4, "x": 4}),
        ({"kind": "mixture", "expert": "x", "layers": 4}, {"x": 12}),
        ({"kind": "moderator", "expert": "x", "proposers": ["a"]}, {"x": 12, "a": 4}),
        ({"kind": "on_agreement", "inner": {"kind": "synthesis", "expert": "x"}}, {"x": 4}),
    ],
    ids=str,
)
def test_every_round_of_every_kind_is_counted(aggregator: dict[str, Any], requests: dict[str, int]) -> None:
    found = asked(aggregator)
    assert {name: one.requests for name, one in found.items()} == requests
    assert list(found) == list(requests), "in the order in which they are first asked"


def test_prompts_are_those_of_the_run_and_sampling_is_that_of_the_aggregator() -> None:
    template = {"system": "", "template": "{question}{candidates}", "candidate": "{text}", "separator": ""}
    found = asked({"kind": "synthesis", "expert": "x", "prompt": template, "sampling": SAMPLING})
    question = len("Which?\nA. red\nB. green")
    assert found == {"x": Asked(4, 4 * (question + 2 * 200), SAMPLING)}
    short = asked({"kind": "synthesis", "expert": "x", "prompt": template | {"candidate_view": "last_line"}})
    assert short["x"].characters == 4 * (question + 2 * 60)


def test_many_queries_are_estimated_from_some() -> None:
    few, many = (asked({"kind": "judge", "expert": "x"}, number=n)["x"] for n in (1, 1250))
    assert many.requests == pytest.approx(1250)
    assert many.characters == pytest.approx(1250 * few.characters)


def test_a_mixture_is_in_the_plan_with_all_its_calls() -> None:
    mixture = {"kind": "mixture", "expert": "aggregator", "proposers": ["atlas", "scholar"]}
    pocket = load_config(default_config_path())
    config = SystemConfig.model_validate(pocket.model_dump() | {"aggregator": mixture})
    queries = [Query.from_text(f"What is {i} plus {i}?", id=f"q{i}") for i in range(20)]
    last = plan(queries, config, CostBook("cpu x2")).rounds[-1]
    assert (last.name, last.requests) == ("aggregate", 60)
    assert sorted(r.expert for part in last.slots for r in part) == ["aggregator", "atlas", "scholar"]
