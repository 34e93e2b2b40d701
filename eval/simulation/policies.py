"""Policies to compare the scheduler with, behind the same calls.

First come first served, and collating FIFO, which is what llama-swap and the like do. They know no
waiting bound, no rates and no prices.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from experts.scheduling.decisions import Dispatch, Prefetch
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.work import Job, SlotState


class Policy(Protocol):
    """What the simulator asks of a scheduler; `experts.scheduling.scheduler.Scheduler` is one."""

    def add_slot(self, slot: str, state: SlotState, now: float) -> None:
        """A slot is there."""

    def submit(self, jobs: Sequence[Job], now: float, arrived: float | None = None) -> None:
        """Jobs came."""

    def finished(self, job_id: str, now: float) -> None:
        """A job has ended."""

    def decide(self, now: float) -> list[Dispatch | Prefetch]:
        """What to start now."""

    def next_decision(self, now: float) -> float | None:
        """Seconds until there may be more to say; None: not before something happens."""


class _InOrder:
    """What both have in common: jobs in order of arrival, slots by name."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._slots: dict[str, SlotBook] = {}
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._by_expert: dict[str, OrderedDict[str, Job]] = {}
        self._runs_on: dict[str, SlotBook] = {}

    def add_slot(self, slot: str, state: SlotState, now: float) -> None:
        self._slots[slot] = SlotBook(slot, self._capacity, state)

    def submit(self, jobs: Sequence[Job], now: float, arrived: float | None = None) -> None:
        for job in jobs:
            self._jobs[job.id] = job
            self._by_expert.setdefault(job.expert, OrderedDict())[job.id] = job

    def finished(self, job_id: str, now: float) -> None:
        self._runs_on.pop(job_id).release(job_id, now)

    def next_decision(self, now: float) -> float | None:
        return None

    def _first_for(self, slot: SlotBook) -> Job | None:
        jobs = self._by_expert.get(slot.state.expert or "")
        job = next(iter(jobs.values())) if jobs else None
        return job if job is not None and slot.has_room(job) else None

    def _start(self, slot: SlotBook, job: Job, now: float) -> Dispatch:
        del self._jobs[job.id], self._by_expert[job.expert][job.id]
        kind, seconds = slot.start(job, now, 0.0)
        self._runs_on[job.id] = slot
        return Dispatch(slot=slot.name, job=job, switch=kind, switch_s=seconds)


class FirstComeFirstServed(_InOrder):
    """Strictly in order of arrival: the oldest request goes to the first slot that can take it.

    A slot that has its expert is preferred; otherwise any on which nothing runs.
    """

    def decide(self, now: float) -> list[Dispatch | Prefetch]:
        """What to start now."""
        out: list[Dispatch | Prefetch] = []
        while self._jobs:
            job = next(iter(self._jobs.values()))
            fits = [s for s in self._slots.values() if s.state.expert == job.expert and s.has_room(job)]
            fits = fits or [s for s in self._slots.values() if s.idle]
            if not fits:
                break
            out.append(self._start(fits[0], job, now))
        return out


class CollatingFifo(_InOrder):
    """A slot serves all that waits for its expert, then switches to the expert of the oldest request.

    Args:
        capacity: requests at a time on a slot.
        replicate: whether several slots may have one expert at a time, as the plain rule says. False is
            the stronger policy: the oldest request whose expert no slot has.
    """

    def __init__(self, capacity: int, *, replicate: bool = True) -> None:
        super().__init__(capacity)
        self._replicate = replicate

    def decide(self, now: float) -> list[Dispatch | Prefetch]:
        """What to start now."""
        out: list[Dispatch | Prefetch] = []
        for slot in self._slots.values():
            while (job := self._first_for(slot)) is not None:
                out.append(self._start(slot, job, now))
        for slot in self._slots.values():
            if not slot.idle or (oldest := self._oldest()) is None:
                continue
            out.append(self._start(slot, oldest, now))
            while (job := self._first_for(slot)) is not None:
                out.append(self._start(slot, job, now))
        return out

    def _oldest(self) -> Job | None:
        taken = set() if self._replicate else {s.state.expert for s in self._slots.values()}
        return next((j for j in self._jobs.values() if j.expert not in taken), None)
