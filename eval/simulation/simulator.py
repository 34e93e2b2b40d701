"""An event-driven simulation of slots under a scheduling policy, with its own watch on the rules.

A slot runs up to `capacity` requests at a time, each for its own seconds, and a switch takes its price.
Whether the policy keeps to the slot's rules and to the waiting bound is checked here on every dispatch,
from the arrivals alone. No failures, no engine, no real time.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from eval.simulation.policies import Policy
from eval.simulation.traces import Arrival
from experts.scheduling.decisions import Dispatch
from experts.scheduling.switches import SwitchKind
from experts.scheduling.work import Job, SlotState, SwitchPrices, switch_to

_Event = tuple[float, int, Literal["arrive", "finish", "look"], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The simulated machine."""

    slots: int
    capacity: int = 1
    """Requests at a time on a slot."""
    prices: SwitchPrices
    families: int = 1
    """Engine families; experts are dealt out to them in turn. 0: each expert is one of its own."""
    max_wait_s: float
    """The waiting bound against which overtaking is measured."""


@dataclass(slots=True)
class Outcome:
    """What happened. Latencies are seconds from arrival to end, waits from arrival to dispatch."""

    latencies: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    switches: dict[SwitchKind, int] = field(default_factory=dict)
    switching_s: float = 0.0
    """Slot seconds spent in switches."""
    busy_s: float = 0.0
    """Slot seconds in which something was generated, each request counted by its part of a slot."""
    seconds: float = 0.0
    """Until the last request ended."""
    overtaken: int = 0
    """Dispatches of younger work for another expert while a job was past the bound."""
    overtaken_s: float = 0.0
    """The most seconds past the bound that a job so overtaken had waited."""
    events: int = 0


@dataclass(slots=True)
class _Slot:
    state: SlotState
    running: int = 0
    ready_at: float = 0.0


def simulate(policy: Policy, trace: Sequence[Arrival], setting: Setting) -> Outcome:
    """Run a trace through a policy until all of it is answered.

    Raises:
        AssertionError: the policy broke a rule of the slots, or left requests unanswered.
    """
    return _Run(policy, trace, setting).run()


class _Run:
    def __init__(self, policy: Policy, trace: Sequence[Arrival], setting: Setting) -> None:
        self.policy, self.trace, self.setting = policy, trace, setting
        self.outcome = Outcome()
        self.events: list[_Event] = [(a.time, i, "arrive", i) for i, a in enumerate(trace)]
        self.number = len(trace)
        self.waiting: dict[int, Arrival] = {}  # in order of arrival
        self.on: dict[int, _Slot] = {}
        self.look_at = float("inf")
        families = sorted({a.expert for a in trace})
        count = setting.families or len(families)
        self.family = {expert: f"f{i % count:03d}" for i, expert in enumerate(families)}
        self.slots = {f"s{i:03d}": _Slot(SlotState()) for i in range(setting.slots)}
        for name, slot in self.slots.items():
            policy.add_slot(name, slot.state, 0.0)

    def run(self) -> Outcome:
        heapq.heapify(self.events)
        while self.events:
            now, _, kind, index = heapq.heappop(self.events)
            if kind == "look" and now != self.look_at:
                continue  # a later decision has set another time
            self.outcome.events += 1
            if kind == "arrive":
                self.waiting[index] = self.trace[index]
                self.policy.submit([self._job(index)], now)
            elif kind == "finish":
                self._finish(index, now)
            for decision in self.policy.decide(now):
                if isinstance(decision, Dispatch):
                    self._dispatch(decision, now)
            self._set_look(now)
        assert not self.waiting, f"{len(self.waiting)} requests were never started"
        return self.outcome

    def _job(self, index: int) -> Job:
        arrival = self.trace[index]
        return Job(
            id=str(index),
            expert=arrival.expert,
            family=self.family[arrival.expert],
            prices=self.setting.prices,
            seconds=arrival.seconds / self.setting.capacity,
        )

    def _dispatch(self, dispatch: Dispatch, now: float) -> None:
        index, job, slot, out = int(dispatch.job.id), dispatch.job, self.slots[dispatch.slot], self.outcome
        self._watch(index, now)
        del self.waiting[index]
        kind, seconds = switch_to(job.expert, job.family, job.prices, slot.state)
        assert kind == dispatch.switch, "the policy is wrong about what is resident"
        if kind is not None:
            assert not slot.running, "switched under running work"
            slot.state = SlotState(expert=job.expert, family=job.family)
            slot.ready_at = now + seconds
            out.switches[kind] = out.switches.get(kind, 0) + 1
            out.switching_s += seconds
        slot.running += 1
        assert slot.running <= self.setting.capacity, "more runs than the slot can take"
        self.on[index] = slot
        arrival = self.trace[index]
        out.waits.append(now - arrival.time)
        out.busy_s += job.seconds
        self._push(max(now, slot.ready_at) + arrival.seconds, "finish", index)

    def _watch(self, index: int, now: float) -> None:
        """Note whether this dispatch overtakes a job that is past the bound."""
        arrival = self.trace[index]
        for other in self.waiting.values():
            past = now - other.time - self.setting.max_wait_s
            if other.time >= arrival.time or past <= 0:
                return
            if other.expert != arrival.expert:
                self.outcome.overtaken += 1
                self.outcome.overtaken_s = max(self.outcome.overtaken_s, past)
                return

    def _finish(self, index: int, now: float) -> None:
        self.on.pop(index).running -= 1
        self.outcome.latencies.append(now - self.trace[index].time)
        self.outcome.seconds = now
        self.policy.finished(str(index), now)

    def _set_look(self, now: float) -> None:
        after = self.policy.next_decision(now)
        self.look_at = float("inf") if after is None else now + after
        if after is not None:
            self._push(self.look_at, "look", -1)

    def _push(self, time: float, kind: Literal["finish", "look"], index: int) -> None:
        self.number += 1
        heapq.heappush(self.events, (time, self.number, kind, index))
