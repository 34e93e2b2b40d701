"""Other parts for one call are held against the whole configuration."""

import pytest
from checks.scripted_systems import content

from compound.config import SystemConfig
from compound.overrides import overridden
from experts.errors import ConfigError
from routers.config import RandomRouterConfig

CONFIG = SystemConfig.model_validate(content())


def test_nothing_given_changes_nothing() -> None:
    assert overridden(CONFIG, None, None) is CONFIG


def test_parts_are_replaced_and_all_else_stays() -> None:
    other = overridden(CONFIG, RandomRouterConfig(kind="random", seed=3), "top")
    assert (other.router, other.aggregator.kind) == (RandomRouterConfig(kind="random", seed=3), "top")
    assert other.experts == CONFIG.experts
    assert CONFIG.router.kind == "fixed"


def test_a_policy_that_repeats_is_held_against_the_temperatures() -> None:
    trained = SystemConfig.model_validate(content(router={"kind": "trained", "path": "r"}))
    with pytest.raises(ConfigError, match="at temperature 0 all samples of ann, bob, cyd are alike"):
        overridden(trained, None, None, "repeat")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match=r"router\.kind: .*; aggregator\.kind: ") as caught:
        overridden(CONFIG, "nobody", "nothing")
    assert "\n" not in str(caught.value)
