"""Rounds under the online scheduler: planned together, an expert at most once on a slot, never idle."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from experts.scheduling.decisions import Dispatch, Rules
from experts.scheduling.scheduler import Scheduler
from experts.scheduling.work import Job, SlotState, SwitchPrices


def job(id: str, expert: str, *, seconds: float = 1.0, last: bool = False) -> Job:
    prices = SwitchPrices(reload_s=1.0, engine_s=5.0, process_s=10.0)
    return Job(id=id, expert=expert, family="f", prices=prices, seconds=seconds, round="r", last=last)


def play(made: Scheduler, capacity: int = 1) -> list[Dispatch]:
    """Run all to its end, each job for its seconds; returns the dispatches."""
    now, ends, out = 0.0, [], []
    for _ in range(10_000):
        for d in made.decide(now):
            if isinstance(d, Dispatch):
                out.append(d)
                ends.append((now + d.switch_s + d.job.seconds, d.job.id))
        if not ends:
            break
        ends.sort()
        now, id = ends.pop(0)
        made.finished(id, now)
    return out


def with_slots(*experts: str, capacity: int = 1) -> Scheduler:
    made = Scheduler(Rules(capacity=capacity))
    for i, expert in enumerate(experts):
        made.add_slot(f"s{i}", SlotState(expert=expert, family="f"), 0.0)
    return made


@settings(max_examples=60, deadline=None)
@example([*"a" * 30, "c", "b", "c"], 1)  # longer than the waiting bound
@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40), st.integers(1, 3))
def test_every_job_once_and_an_expert_at_most_once_on_a_slot(experts: list[str], slots: int) -> None:
    made = with_slots(*"xyz"[:slots])
    made.submit([job(str(i), e) for i, e in enumerate(experts)], 0.0)
    done = play(made)
    assert sorted(d.job.id for d in done) == sorted(str(i) for i in range(len(experts)))
    switched = Counter((d.job.expert, d.slot) for d in done if d.switch is not None)
    assert max(switched.values()) == 1


def test_the_resident_expert_comes_first_and_the_one_needed_next_last() -> None:
    made = with_slots("b")
    made.submit([job("1", "a", last=True), job("2", "b"), job("3", "c"), job("4", "a", last=True)], 0.0)
    assert [d.job.expert for d in play(made)] == ["b", "c", "a", "a"]


def test_waiting_work_of_a_lost_slot_goes_to_the_others() -> None:
    made = with_slots("a", "b")
    made.submit([job(f"a{i}", "a") for i in range(5)] + [job(f"b{i}", "b") for i in range(5)], 0.0)
    first = [d for d in made.decide(0.0) if isinstance(d, Dispatch)]
    assert {(d.slot, d.job.expert) for d in first} == {("s0", "a"), ("s1", "b")}
    lost = made.remove_slot("s0", 0.5)
    made.submit(lost, 0.5, arrived=0.0)
    made.finished(first[1].job.id, 1.0)
    rest = play(made)
    assert {d.slot for d in rest} == {"s1"}
    assert Counter(d.job.expert for d in rest) == {"a": 5, "b": 4}


def test_a_new_slot_takes_part_of_what_waits() -> None:
    made = with_slots("a")
    made.submit([job(f"{e}{i}", e, seconds=10.0) for e in "ab" for i in range(4)], 0.0)
    made.decide(0.0)
    made.add_slot("s1", SlotState(expert="b", family="f"), 1.0)
    assert [(d.slot, d.job.expert) for d in made.decide(1.0) if isinstance(d, Dispatch)] == [("s1", "b")]


def test_an_idle_slot_takes_planned_work_over_from_one_that_is_late() -> None:
    made = with_slots("a", "b")
    made.submit([job(f"a{i}", "a", seconds=10.0) for i in range(4)], 0.0)
    made.submit([job(f"b{i}", "b", seconds=10.0) for i in range(4)], 0.0)
    now, running = 0.0, {}
    for _ in range(4):  # s1 is much faster than was thought
        running.update({d.slot: d.job.id for d in made.decide(now) if isinstance(d, Dispatch)})
        now += 1.0
        made.finished(running.pop("s1"), now)
    taken = [d for d in made.decide(now) if isinstance(d, Dispatch)]
    assert [(d.slot, d.job.expert, d.switch) for d in taken] == [("s1", "a", "reload")]


def test_a_round_submitted_before_there_is_a_slot_waits_for_one() -> None:
    made = Scheduler(Rules())
    made.submit([job("1", "a")], 0.0)
    assert made.decide(0.0) == []
    made.add_slot("s0", SlotState(), 1.0)
    assert [d.job.id for d in made.decide(1.0) if isinstance(d, Dispatch)] == ["1"]
