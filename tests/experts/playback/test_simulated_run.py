"""Recorded experts on a simulated machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from experts.completion import Request, Usage
from experts.config import HostingConfig, RecordedExpert
from experts.playback.simulated_run import SIMULATED_DEVICE, SimulatedRun, simulated_facts
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.scheduling.cost_estimates import token_units
from experts.scheduling.costs import CostBook
from experts.scheduling.switches import SwitchCounts, count

SAMPLING = SamplingConfig(max_tokens=200)
FAMILIES = {"ann": "llama", "bob": "qwen", "cy": "llama", "dee": "qwen"}
BOOK = CostBook(SIMULATED_DEVICE)


def expert(family: str | None = None, parameters_b: float = 8.0) -> RecordedExpert:
    return RecordedExpert(
        kind="recorded", path=Path("x"), sampling=SAMPLING, family=family, parameters_b=parameters_b
    )


def pool(families: Mapping[str, str | None] = FAMILIES) -> dict[str, RecordedExpert]:
    return {name: expert(family) for name, family in families.items()}


def machine(slots: int = 1, last: str | None = None, **hosting: Any) -> SimulatedRun:
    return SimulatedRun(pool(), HostingConfig(slots=slots, **hosting), last)


def ask(expert: str, number: int) -> Request:
    return Request(
        id=f"{expert}{number}",
        expert=expert,
        query_id=str(number),
        messages=(Message("user", "x" * 400),),
        sampling=SAMPLING,
    )


def everybody(number: int, names: Sequence[str] = tuple(FAMILIES)) -> list[Request]:
    """As a batch comes: by query."""
    return [ask(name, i) for i in range(number) for name in names]


def used(requests: Sequence[Request]) -> dict[str, Usage]:
    """A hundred prompt tokens each; answers of 50 to 149 tokens."""
    return {
        r.id: Usage(prompt_tokens=100, completion_tokens=50 + 37 * n % 100) for n, r in enumerate(requests)
    }


def test_every_request_ends_once_in_order_of_time() -> None:
    requests = everybody(100)
    run = machine(slots=2)
    ended = run.ends(requests, used(requests))
    assert Counter(r.id for _, r in ended) == Counter(r.id for r in requests)
    assert [s for s, _ in ended] == sorted(s for s, _ in ended)
    assert ended[0][0] > 0
    assert ended[-1][0] == pytest.approx(run.seconds)


def test_experts_come_once_and_families_stay_together() -> None:
    run, requests = machine(), everybody(600)
    run.ends(requests, used(requests))
    order = [FAMILIES[s.expert] for s in run.switches()]
    assert count(run.switches()) == SwitchCounts(new_process=1, reload=2, new_engine=1)
    assert order[0] == order[1] != order[2] == order[3]


def test_an_expert_without_a_family_needs_an_engine_of_its_own() -> None:
    run = SimulatedRun(pool({"ann": None, "bob": None}), HostingConfig(), None)
    requests = everybody(10, ("ann", "bob"))
    run.ends(requests, used(requests))
    assert count(run.switches()) == SwitchCounts(new_process=1, new_engine=1)


def test_one_slot_takes_its_switches_and_its_tokens() -> None:
    run, requests = machine(), everybody(600)
    usages = used(requests)
    run.ends(requests, usages)
    line = BOOK.work_line(simulated_facts("ann", expert("llama")))
    tokens = sum(token_units(u.prompt_tokens, u.completion_tokens) for u in usages.values())
    working = 4 * line.fixed_s + line.token_s * tokens
    switching = sum(s.seconds for s in run.switches())
    assert run.seconds == pytest.approx(working + switching)


def test_two_slots_share_the_load() -> None:
    one, two, requests = machine(), machine(slots=2), everybody(600)
    for run in (one, two):
        run.ends(requests, used(requests))
    assert {s.slot for s in two.switches()} == {"simulated-000", "simulated-001"}
    assert Counter(s.kind for s in two.switches())["new_process"] == 2
    residencies = Counter((s.slot, s.expert) for s in two.switches())
    assert {*residencies.values()} == {1}, "an expert came twice to a slot within a round"
    assert one.seconds / 2 < two.seconds < one.seconds * 0.65


def test_answers_of_two_slots_come_between_each_other() -> None:
    run, requests = machine(slots=2), everybody(100, ("ann", "bob"))
    ended = run.ends(requests, used(requests))
    assert sum(a.expert != b.expert for (_, a), (_, b) in pairwise(ended)) > 20


def test_the_next_round_finds_what_is_resident_and_a_later_clock() -> None:
    run = machine()
    first = [ask("ann", i) for i in range(20)]
    run.ends(first, used(first))
    before, begun = run.seconds, len(run.switches())
    again = run.ends(first, used(first))
    assert len(run.switches()) == begun == 1
    assert run.seconds == pytest.approx(before + again[-1][0])
    other = [ask("cy", 0)]
    run.ends(other, used(other))
    assert [s.kind for s in run.switches()] == ["new_process", "reload"]


def test_who_aggregates_comes_last() -> None:
    for last in FAMILIES:
        run, requests = machine(last=last), everybody(20)
        run.ends(requests, used(requests))
        assert run.switches()[-1].expert == last


def test_equal_runs_are_equal() -> None:
    runs = []
    for _ in range(2):
        run, requests = machine(slots=3), everybody(300)
        runs.append((run.ends(requests, used(requests)), run.switches(), run.seconds))
    assert runs[0] == runs[1]


def test_answers_take_what_their_tokens_take() -> None:
    requests = [ask("ann", i) for i in range(3)]
    lengths = {"ann0": 100, "ann1": 50, "ann2": 0}
    ended = machine().ends(requests, {i: Usage(completion_tokens=n) for i, n in lengths.items()})
    assert [r.id for _, r in ended] == ["ann2", "ann1", "ann0"]
    switched = BOOK.prices(simulated_facts("ann", expert("llama"))).process_s
    assert ended[0][0] == pytest.approx(switched)
    assert ended[1][0] - switched == pytest.approx((ended[2][0] - switched) / 2)


def test_answers_without_tokens_end_with_their_job_in_the_order_asked() -> None:
    requests = [ask("ann", i) for i in range(3)]
    ended = machine().ends(requests, {r.id: Usage() for r in requests})
    assert [r.id for _, r in ended] == ["ann0", "ann1", "ann2"]


def test_a_round_that_outlasts_the_waiting_bound_ends_all_the_same() -> None:
    run, requests = machine(max_wait_s=1.0), everybody(300)
    assert len(run.ends(requests, used(requests))) == 1200


def test_larger_models_take_longer() -> None:
    seconds = []
    for size in (3.8, 70.0):
        run = SimulatedRun({"ann": expert(parameters_b=size)}, HostingConfig(), None)
        run.ends([ask("ann", 0)], {"ann0": Usage(completion_tokens=100)})
        seconds.append(run.seconds)
    assert seconds[0] < seconds[1]
    assert simulated_facts("ann", expert(parameters_b=3.8)).weight_bytes == 7_600_000_000
