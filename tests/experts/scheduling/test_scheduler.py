"""The online scheduler: what it promises, by example and by search for counter-examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experts.errors import QueueFull
from experts.scheduling.decisions import Dispatch, Prefetch, Rules
from experts.scheduling.scheduler import Scheduler
from experts.scheduling.work import Job, SlotState, SwitchPrices

PRICES = SwitchPrices(reload_s=1.0, engine_s=5.0, process_s=10.0)


def job(id: str, expert: str, **more: object) -> Job:
    return Job(id=id, expert=expert, **{"family": "f", "prices": PRICES, **more})  # type: ignore[arg-type]


def scheduler(*experts: str | None, **rules: object) -> Scheduler:
    """A scheduler with slots s0, s1, ... that hold these experts."""
    made = Scheduler(Rules(**rules))  # type: ignore[arg-type]
    for i, expert in enumerate(experts):
        made.add_slot(f"s{i}", SlotState(expert=expert, family="f" if expert else None), 0.0)
    return made


def dispatches(made: Scheduler, now: float) -> list[tuple[str, str, str | None]]:
    return [(d.slot, d.job.id, d.switch) for d in made.decide(now) if isinstance(d, Dispatch)]


def test_a_job_goes_where_its_expert_is_resident() -> None:
    made = scheduler("a", "b")
    made.submit([job("1", "b"), job("2", "a")], 0.0)
    assert sorted(dispatches(made, 0.0)) == [("s0", "2", None), ("s1", "1", None)]


def test_the_first_dispatch_of_an_expert_carries_the_switch() -> None:
    made = scheduler("a")
    made.submit([job("1", "b"), job("2", "b")], 0.0)
    assert dispatches(made, 0.0) == [("s0", "1", "reload"), ("s0", "2", None)]
    assert made.resident["s0"].expert == "b"


def test_nothing_is_switched_under_running_work() -> None:
    made = scheduler("a")
    made.submit([job("1", "a")], 0.0)
    made.decide(0.0)
    made.submit([job("2", "b")], 0.0)
    assert dispatches(made, 0.5) == []
    made.finished("1", 1.0)
    assert dispatches(made, 1.0) == [("s0", "2", "reload")]


def test_requests_count_against_capacity_and_a_larger_job_runs_alone() -> None:
    made = scheduler("a", capacity=4)
    made.submit([job("1", "a", requests=3), job("2", "a", requests=2), job("3", "a", requests=9)], 0.0)
    assert [i for _, i, _ in dispatches(made, 0.0)] == ["1"]
    made.finished("1", 1.0)
    assert [i for _, i, _ in dispatches(made, 1.0)] == ["2"]
    made.finished("2", 2.0)
    assert [i for _, i, _ in dispatches(made, 2.0)] == ["3"]


def test_past_the_bound_no_younger_work_for_another_expert_starts() -> None:
    made = scheduler("a", max_wait_s=10.0)
    made.submit([job("1", "a")], 0.0)
    made.decide(0.0)
    made.submit([job("2", "b")], 1.0)
    made.submit([job("3", "a")], 10.0)
    assert dispatches(made, 10.0) == [("s0", "3", None)], "before the bound the resident expert goes on"
    made.submit([job("4", "a")], 12.0)
    assert dispatches(made, 12.0) == []
    made.finished("1", 13.0)
    made.finished("3", 13.0)
    assert dispatches(made, 13.0) == [("s0", "2", "reload")]


def test_a_higher_priority_goes_first_but_never_against_the_bound() -> None:
    made = scheduler("a", max_wait_s=10.0)
    made.submit([job("low", "b"), job("high", "c", priority=1)], 0.0)
    assert dispatches(made, 0.0) == [("s0", "high", "reload")]
    made.submit([job("higher", "c", priority=2)], 11.0)
    made.finished("high", 11.0)
    assert dispatches(made, 11.0) == [("s0", "low", "reload")]


def test_a_full_queue_takes_nothing_of_what_it_refuses() -> None:
    made = scheduler("a", max_queued=3)
    with pytest.raises(QueueFull) as refused:
        made.submit([job("1", "a", requests=2), job("2", "a", requests=2)], 0.0)
    assert refused.value.retryable
    assert made.queued == 0
    made.submit([job("1", "a", requests=3)], 0.0)
    made.submit([job("2", "a", requests=3)], 0.0, arrived=-5.0)
    assert [j.id for j in made.waiting] == ["2", "1"], "what was accepted before is never refused"


def test_ids_in_use_are_refused() -> None:
    made = scheduler("a")
    made.submit([job("1", "a")], 0.0)
    with pytest.raises(ValueError, match="in use"):
        made.submit([job("1", "b")], 0.0)
    made.decide(0.0)
    with pytest.raises(ValueError, match="in use"):
        made.submit([job("1", "b")], 0.0)


def test_a_slot_on_which_a_job_failed_is_used_again_only_if_there_is_no_other() -> None:
    made = scheduler("a", "b")
    made.submit([job("1", "a", avoid=frozenset({"s0"}))], 0.0)
    assert dispatches(made, 0.0) == [("s1", "1", "reload")]
    alone = scheduler("a")
    alone.submit([job("1", "a", avoid=frozenset({"s0"}))], 0.0)
    assert dispatches(alone, 0.0) == [("s0", "1", None)]


def test_a_lost_slot_gives_its_running_jobs_back() -> None:
    made = scheduler("a", "b")
    made.submit([job("1", "a"), job("2", "b")], 0.0)
    made.decide(0.0)
    lost = made.remove_slot("s0", 1.0)
    assert [j.id for j in lost] == ["1"]
    made.submit(lost, 1.0, arrived=0.0)
    made.finished("2", 2.0)
    assert dispatches(made, 2.0) == [("s1", "1", "reload")]


def test_a_rebuilt_scheduler_goes_on_where_the_lost_one_was() -> None:
    made = scheduler("a")
    made.restore("s0", job("1", "b"), 5.0)
    made.submit([job("2", "a"), job("3", "b")], 5.0, arrived=1.0)
    assert dispatches(made, 5.0) == [("s0", "3", None)]
    made.finished("1", 6.0)
    made.finished("3", 6.0)
    assert dispatches(made, 6.0) == [("s0", "2", "reload")]


def test_withdrawn_jobs_are_not_started() -> None:
    made = scheduler("a")
    made.submit([job("1", "a"), job("2", "a")], 0.0)
    made.withdraw(["1", "unknown"])
    assert [i for _, i, _ in dispatches(made, 0.0)] == ["2"]
    assert made.queued == 0


def test_the_next_expert_is_foretold_once() -> None:
    made = scheduler("a", capacity=1)
    made.submit([job("1", "a"), job("2", "b"), job("3", "a")], 0.0)
    first = made.decide(0.0)
    assert [d for d in first if isinstance(d, Prefetch)] == [Prefetch(slot="s0", expert="b")]
    made.finished("1", 1.0)
    assert not [d for d in made.decide(1.0) if isinstance(d, Prefetch)]


def test_jobs_are_not_held_back_before_anything_is_known_of_arrivals() -> None:
    made = scheduler("a")
    made.submit([job("1", "b", prices=SwitchPrices(reload_s=1000.0))], 0.0)
    assert dispatches(made, 0.0) == [("s0", "1", "reload")]


def test_what_is_held_back_goes_when_its_time_comes_or_nothing_more_is_expected() -> None:
    made = scheduler("a", capacity=1, max_wait_s=1e6)
    prices = SwitchPrices(reload_s=50.0)
    for i in range(200):
        made.submit([job(f"{i}", "a" if i % 3 else "b", prices=prices)], float(i))
    now = 200.0
    for _ in range(200):
        for _slot, id, _switch in dispatches(made, now):
            made.finished(id, now)
    made.submit([job("last", "b" if made.resident["s0"].expert == "a" else "a", prices=prices)], now)
    started: list[str] = []
    while not started:
        started = [i for _, i, _ in dispatches(made, now)]
        after = made.next_decision(now)
        if not started:
            assert after is not None and after > 0
            now += after
    assert 200.0 < now <= 200.0 + 35.0, "held back, but not past thirty gaps between arrivals"


# ---------------------------------------------------------------- search for counter-examples

EXPERTS = ["a", "b", "c", "d"]
submissions = st.lists(
    st.tuples(
        st.floats(0.0, 4.0),
        st.sampled_from(EXPERTS),
        st.integers(1, 3),
        st.integers(0, 2),
        st.sampled_from([None, None, "r1", "r2"]),
        st.frozensets(st.sampled_from(["s0", "s1", "s2"]), max_size=2),
    ),
    min_size=1,
    max_size=40,
)


class _Machine:
    """Slots as they are, checked from the outside on every dispatch."""

    def __init__(self, made: Scheduler, slots: int, capacity: int, bound: float) -> None:
        self.made, self.capacity, self.bound = made, capacity, bound
        self.resident: dict[str, str | None] = {f"s{i}": None for i in range(slots)}
        self.waiting: dict[str, tuple[float, Job]] = {}
        self.running: dict[str, tuple[float, str, Job]] = {}
        self.started: list[str] = []
        for name in self.resident:
            made.add_slot(name, SlotState(), 0.0)

    def submit(self, new: Job, now: float) -> None:
        self.made.submit([new], now)
        self.waiting[new.id] = (now, new)

    def decide(self, now: float) -> None:
        for decision in self.made.decide(now):
            if isinstance(decision, Dispatch):
                self.check(decision, now)

    def check(self, decision: Dispatch, now: float) -> None:
        arrived, new = self.waiting.pop(decision.job.id)
        for other_arrived, other in self.waiting.values():
            late = now - other_arrived > self.bound
            assert not (late and other_arrived < arrived and other.expert != new.expert), "overtaken"
        here = [j for _, slot, j in self.running.values() if slot == decision.slot]
        if self.resident[decision.slot] != new.expert:
            assert not here, "switched under running work"
            assert decision.switch is not None
        else:
            assert decision.switch is None
        assert not here or sum(j.requests for j in here) + new.requests <= self.capacity
        assert decision.slot not in new.avoid or set(self.resident) <= new.avoid
        self.resident[decision.slot] = new.expert
        self.running[new.id] = (now + decision.switch_s + 1.0, decision.slot, new)
        self.started.append(new.id)

    def step(self, now: float, until: float) -> float:
        """Go to the next end of a job or look of the scheduler, at most `until`."""
        ends = [(end, id) for id, (end, _, _) in self.running.items()]
        after = self.made.next_decision(now)
        end, id = min(ends, default=(float("inf"), ""))
        look = float("inf") if after is None else now + after
        now = min(end, look, until)
        if now == end:
            del self.running[id]
            self.made.finished(id, now)
        self.decide(now)
        return now


@settings(max_examples=60, deadline=None)
@given(submissions, st.integers(1, 3), st.integers(1, 4), st.sampled_from([2.0, 8.0, 50.0]))
def test_the_rules_hold_whatever_comes(
    todo: list[tuple[float, str, int, int, str | None, frozenset[str]]],
    slots: int,
    capacity: int,
    bound: float,
) -> None:
    machine = _Machine(Scheduler(Rules(max_wait_s=bound, capacity=capacity)), slots, capacity, bound)
    now = 0.0
    for i, (gap, expert, requests, priority, round_name, avoid) in enumerate(todo):
        until = now + gap
        while now < until:
            now = machine.step(now, until)
        machine.submit(
            job(str(i), expert, requests=requests, priority=priority, round=round_name, avoid=avoid), now
        )
        machine.decide(now)
    for _ in range(50 * len(todo)):
        if not machine.waiting and not machine.running:
            break
        assert machine.running or machine.made.next_decision(now) is not None, (
            "work waits and nothing happens"
        )
        now = machine.step(now, float("inf"))
    assert sorted(machine.started) == sorted(str(i) for i in range(len(todo))), "each job exactly once"
