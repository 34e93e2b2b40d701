"""Fixed and random experts."""

from __future__ import annotations

from collections import Counter

import pytest

from experts.errors import ConfigError
from experts.query import Query
from routers.baselines import FixedRouter, RandomRouter

POOL = ("atlas", "bard", "cato")
BATCH = [Query.from_text("x", id=f"q{i}") for i in range(900)]


def test_fixed_takes_its_order_and_then_the_pools() -> None:
    [decision] = FixedRouter(["cato"]).bind(POOL).route(BATCH[:1], 2)
    assert decision.ranked == ("cato", "atlas", "bard") and decision.chosen == ("cato", "atlas")


def test_fixed_without_names_is_the_order_of_the_configuration() -> None:
    assert FixedRouter().bind(POOL).route(BATCH[:1], 3)[0].chosen == POOL


@pytest.mark.parametrize("names", [["dora"], ["atlas", "atlas"]])
def test_fixed_refuses_strangers_and_repetitions(names: list[str]) -> None:
    with pytest.raises(ConfigError, match="distinct and in the pool"):
        FixedRouter(names).bind(POOL)


def test_random_is_even_distinct_and_hangs_on_the_id_alone() -> None:
    router = RandomRouter(seed=1).bind(POOL)
    decisions = router.route(BATCH, 2)
    counts = Counter(name for d in decisions for name in d.chosen)
    assert all(540 < counts[name] < 660 for name in POOL)
    assert all(len(set(d.chosen)) == 2 for d in decisions)
    assert router.route(BATCH[7:8], 2) == decisions[7:8]
    assert RandomRouter(seed=2).bind(POOL).route(BATCH, 2) != decisions
