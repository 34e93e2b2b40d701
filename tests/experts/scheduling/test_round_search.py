"""The search for a round plan: its effort is bounded, its plans stay good where the bound ends it."""

from __future__ import annotations

import pytest

from eval.performance.planning_quality import random_round
from eval.performance.round_optimum import optimal_makespan
from experts.scheduling.round_loads import Loads
from experts.scheduling.round_plan import plan_round
from experts.scheduling.round_search import search
from experts.scheduling.round_switching import RoundSwitching
from experts.scheduling.work import ExpertWork, SlotState, SwitchPrices

PRICES = SwitchPrices(reload_s=10.0, engine_s=10.0, process_s=10.0)


def _even_work(experts: int, families: int) -> list[ExpertWork]:
    return [
        ExpertWork(
            expert=f"e{i:03}", family=f"f{i % families}", requests=16, seconds=16.0 + i % 3, prices=PRICES
        )
        for i in range(experts)
    ]


@pytest.mark.parametrize(("experts", "slots", "families"), [(200, 16, 1), (200, 2, 1), (100, 16, 100)])
def test_the_effort_goes_with_experts_times_slots(experts: int, slots: int, families: int) -> None:
    work, states = _even_work(experts, families), [SlotState()] * slots
    switching = RoundSwitching(work, states, None)
    plan = search(
        Loads(switching, [w.requests for w in work], [w.seconds / w.requests for w in work], [0.0] * slots)
    )
    assert switching.weighed <= 150 * experts * slots + 400_000
    even = sum(w.seconds + PRICES.reload_s for w in work) / slots
    assert even * (1 - 1e-9) <= plan.makespan_s() <= 1.05 * even + 27.0 / slots


def test_few_large_requests_are_split_too() -> None:
    work, slots, last = random_round(912)
    assert [w.requests for w in work] == [3, 10]
    assert plan_round(work, slots, last=last).makespan <= 1.05 * optimal_makespan(work, slots, last=last)
