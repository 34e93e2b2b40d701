"""The simulator: its counts on traces that can be checked by hand, and its watch on the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.simulation.policies import CollatingFifo, FirstComeFirstServed
from eval.simulation.simulator import Setting, simulate
from eval.simulation.summary import summarise
from eval.simulation.traces import Arrival, poisson_trace, read_trace
from experts.errors import BenchmarkError
from experts.scheduling.work import SwitchPrices

TRACE = [Arrival(0.0, "a", 1.0), Arrival(0.1, "b", 1.0), Arrival(0.2, "a", 1.0)]


def setting(**more: object) -> Setting:
    prices = SwitchPrices(reload_s=2.0, engine_s=5.0, process_s=10.0)
    return Setting(**{"slots": 1, "prices": prices, "max_wait_s": 100.0, **more})  # type: ignore[arg-type]


def test_first_come_switches_for_each_and_collating_does_not() -> None:
    first = simulate(FirstComeFirstServed(1), TRACE, setting())
    assert first.switches == {"new_process": 1, "reload": 2}
    assert first.seconds == pytest.approx(10 + 1 + 2 + 1 + 2 + 1)
    collating = simulate(CollatingFifo(1), TRACE, setting())
    assert collating.switches == {"new_process": 1, "reload": 1}
    assert sorted(collating.latencies) == pytest.approx([11.0, 11.8, 14.9])


def test_between_families_the_engine_price_is_paid() -> None:
    assert simulate(FirstComeFirstServed(1), TRACE, setting(families=0)).switches == {
        "new_process": 1,
        "new_engine": 2,
    }


def test_requests_run_side_by_side_within_capacity() -> None:
    trace = [Arrival(0.0, "a", 4.0), Arrival(0.0, "a", 4.0), Arrival(0.0, "a", 4.0)]
    outcome = simulate(CollatingFifo(2), trace, setting(capacity=2))
    assert sorted(outcome.latencies) == pytest.approx([14.0, 14.0, 18.0])
    assert summarise(outcome, 1)["busy_share"] == pytest.approx(6.0 / 18.0)


def test_overtaking_past_the_bound_is_seen() -> None:
    outcome = simulate(CollatingFifo(1), TRACE, setting(max_wait_s=5.0))
    assert outcome.overtaken == 1
    assert outcome.overtaken_s == pytest.approx(11.0 - 0.1 - 5.0)
    assert simulate(FirstComeFirstServed(1), TRACE, setting(max_wait_s=5.0)).overtaken == 0


def test_a_trace_is_the_same_for_the_same_seed_and_popular_by_rank() -> None:
    trace = poisson_trace(requests=2000, rate=2.0, experts=4, seed=1)
    assert trace == poisson_trace(requests=2000, rate=2.0, experts=4, seed=1)
    counts = [sum(a.expert == f"e{i:03d}" for a in trace) for i in range(4)]
    assert counts == sorted(counts, reverse=True)
    assert trace[-1].time == pytest.approx(1000, rel=0.1)


def test_a_trace_is_read_from_lines(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_text('{"time": 2, "expert": "b", "seconds": 1}\n{"time": 1, "expert": "a", "seconds": 3}\n')
    assert read_trace(path) == [Arrival(1.0, "a", 3.0), Arrival(2.0, "b", 1.0)]
    path.write_text('{"time": 2}\n')
    with pytest.raises(BenchmarkError, match="line 1"):
        read_trace(path)
