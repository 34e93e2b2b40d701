"""The online scheduler: jobs and what happened to them in, dispatches out.

Pure: no clock (every call says what time it is), no engine, no Ray. It decides; its owner carries out
and reports back. Where several may be right it takes the first by name, so that the same calls give
the same decisions. Does not know what a job's requests say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from experts.errors import QueueFull
from experts.scheduling.arrivals import Arrivals
from experts.scheduling.decisions import Dispatch, Prefetch, Rules
from experts.scheduling.dispatching import Dispatching
from experts.scheduling.rounds import Rounds
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Entry, Waiting
from experts.scheduling.work import Job, SlotState


class Scheduler:
    """Decides which job starts on which slot, and when slots switch.

    Past `Rules.max_wait_s` a job is overtaken by no younger job for another expert; nothing is switched
    under running work; of several jobs the higher priority goes first, then the waiting time that a
    second of switching ends. Jobs of a round are planned together and never held back.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._slots: dict[str, SlotBook] = {}
        self._waiting = Waiting()
        self._arrivals = Arrivals()
        self._rounds = Rounds(self._waiting, self._slots)
        self._runs_on: dict[str, str] = {}
        self._number = 0
        self._dispatching = Dispatching(rules, self._slots, self._waiting, self._arrivals, self._rounds)

    # ------------------------------------------------------------ slots

    def add_slot(self, slot: str, state: SlotState, now: float) -> None:
        """A slot is there, or there again.

        Raises:
            ValueError: it was there already; remove it first.
        """
        if slot in self._slots:
            raise ValueError(f"Slot {slot!r} is there already.")
        self._dispatching.changed()
        self._slots[slot] = SlotBook(slot, self._rules.capacity, state, free_at=now + state.free_in_s)
        self._rounds.plan_again(now)

    def remove_slot(self, slot: str, now: float) -> tuple[Job, ...]:
        """A slot is gone; returns the jobs that ran there, which its owner submits again or gives up."""
        self._dispatching.changed()
        lost = self._slots.pop(slot)
        for job_id in lost.running:
            del self._runs_on[job_id]
        self._rounds.forget_slot(slot)
        self._rounds.plan_again(now)
        return tuple(lost.running.values())

    def set_state(self, slot: str, state: SlotState, now: float) -> None:
        """What a slot really holds, where that is not what was decided (after a failure, say)."""
        self._dispatching.changed()
        self._slots[slot].state = state
        if self._slots[slot].idle:
            self._slots[slot].free_at = now + state.free_in_s

    # ------------------------------------------------------------ jobs

    def submit(self, jobs: Sequence[Job], now: float, arrived: float | None = None) -> None:
        """Take jobs in, all or none.

        Args:
            jobs: ids not in use by any job that waits or runs.
            now: the present.
            arrived: when they came first, if they were taken in before (by a coordinator that is lost,
                or on a slot that failed); default: now.

        Raises:
            QueueFull: more would wait than `Rules.max_queued`; jobs with `arrived` are never refused.
            ValueError: an id is in use.
        """
        ids = [job.id for job in jobs]
        taken = [i for i in ids if i in self._waiting or i in self._runs_on]
        if taken or len(set(ids)) < len(ids):
            raise ValueError(f"Job ids are in use or given twice: {taken or ids}.")
        more = sum(job.requests for job in jobs)
        limit = self._rules.max_queued
        if limit is not None and arrived is None and self._waiting.requests + more > limit:
            raise QueueFull(
                f"{self._waiting.requests} requests wait, {more} more were asked for, {limit} may wait."
            )
        self._dispatching.changed()
        planned: list[Entry] = []
        for job in jobs:
            self._number += 1
            entry = Entry(now if arrived is None else arrived, self._number, job)
            if job.round is not None and not job.avoid:
                planned.append(entry)
                continue
            self._waiting.add(entry)
            if arrived is None and job.round is None:
                self._arrivals.saw(job.expert, job.seconds, now)
        self._rounds.add(planned, now)

    def restore(self, slot: str, job: Job, now: float) -> None:
        """A rebuilt coordinator says that this job is running there."""
        self._dispatching.changed()
        book = self._slots[slot]
        book.become(job.expert, job.family)
        book.hold(job, now)
        self._runs_on[job.id] = slot

    def withdraw(self, job_ids: Iterable[str]) -> None:
        """These jobs need not be started any more; ids that do not wait are passed over."""
        self._dispatching.changed()
        for job_id in job_ids:
            if job_id in self._waiting:
                self._waiting.remove(job_id)

    def finished(self, job_id: str, now: float) -> None:
        """A running job has ended, with or without a result.

        Raises:
            KeyError: it does not run.
        """
        self._dispatching.changed()
        self._slots[self._runs_on.pop(job_id)].release(job_id, now)

    # ------------------------------------------------------------ decisions

    def decide(self, now: float) -> list[Dispatch | Prefetch]:
        """What to start now, in this order. Each is given once and counts as carried out."""
        decisions = self._dispatching.decide(now)
        for decision in decisions:
            if isinstance(decision, Dispatch):
                self._runs_on[decision.job.id] = decision.slot
        return decisions

    def next_decision(self, now: float) -> float | None:
        """Seconds until `decide` may have more to say although nothing happens; None: not before."""
        return self._dispatching.next_decision(now)

    # ------------------------------------------------------------ views

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Jobs that wait, oldest first."""
        return tuple(entry.job for entry in sorted(self._waiting))

    @property
    def queued(self) -> int:
        """Requests that wait."""
        return self._waiting.requests

    @property
    def running(self) -> MappingProxyType[str, tuple[Job, ...]]:
        """Jobs that run, by slot."""
        return MappingProxyType({name: tuple(s.running.values()) for name, s in self._slots.items()})

    @property
    def resident(self) -> MappingProxyType[str, SlotState]:
        """What each slot holds, or is about to hold."""
        return MappingProxyType({name: s.state for name, s in self._slots.items()})
