"""A simulated machine: slots in virtual time under the scheduler that decides for real ones.

A slot works through the jobs that it is given one after another, each for the seconds that a full batch of
its tokens takes. Never sleeps. Knows neither texts nor where seconds come from.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experts.scheduling.decisions import Dispatch, Rules
from experts.scheduling.scheduler import Scheduler
from experts.scheduling.switches import Switch
from experts.scheduling.work import Job, SlotState

_CAPACITY = 1024
"""Requests that a slot is given at once, as by the coordinator of real slots."""


@dataclass(slots=True, kw_only=True)
class Ran:
    """When a job ran, in seconds of the machine's clock."""

    job_id: str
    start: float
    """After the switch, if there was one."""
    end: float


class SimulatedMachine:
    """Slots, what they hold, and a clock that goes on from round to round."""

    def __init__(self, slots: int, max_wait_s: float) -> None:
        """Nothing is resident.

        Args:
            slots: experts that may be resident at once, at least 1.
            max_wait_s: see `Rules.max_wait_s`.
        """
        self._scheduler = Scheduler(Rules(max_wait_s=max_wait_s, capacity=_CAPACITY))
        self._free_at = {f"simulated-{i:03d}": 0.0 for i in range(slots)}
        self.now = 0.0
        """Seconds since the machine was made."""
        self.switches: list[Switch] = []
        """All that were made, oldest first."""
        for slot in self._free_at:
            self._scheduler.add_slot(slot, SlotState(), self.now)

    @property
    def slots(self) -> int:
        """How many there are."""
        return len(self._free_at)

    def run(self, jobs: Sequence[Job], seconds: Mapping[str, float]) -> list[Ran]:
        """Run jobs to their end, beginning now; afterwards it is as late as the last of them ended.

        Args:
            jobs: with the seconds that are expected, by which they are planned.
            seconds: job id -> the seconds that it takes.

        Returns:
            In order of their ends.
        """
        ran: list[Ran] = []
        ends: list[tuple[float, int, str]] = []
        self._scheduler.submit(jobs, self.now)
        while len(ran) < len(jobs) or ends:
            for effect in self._scheduler.decide(self.now):
                if isinstance(effect, Dispatch):
                    one = self._start(effect, seconds[effect.job.id])
                    heapq.heappush(ends, (one.end, len(ran), one.job_id))
                    ran.append(one)
            self._go_on(ends)
        return sorted(ran, key=lambda one: one.end)

    def _go_on(self, ends: list[tuple[float, int, str]]) -> None:
        """To the next moment at which anything can happen."""
        look = self._scheduler.next_decision(self.now)
        if ends and (look is None or ends[0][0] <= self.now + look):
            self.now, _, job_id = heapq.heappop(ends)
            self._scheduler.finished(job_id, self.now)
        elif look is not None:
            self.now += look
        else:
            raise RuntimeError("the scheduler starts nothing although all slots are idle")

    def _start(self, dispatch: Dispatch, seconds: float) -> Ran:
        begin = max(self.now, self._free_at[dispatch.slot])
        if dispatch.switch is not None:
            self.switches.append(
                Switch(
                    expert=dispatch.job.expert,
                    kind=dispatch.switch,
                    seconds=dispatch.switch_s,
                    slot=dispatch.slot,
                )
            )
            begin += dispatch.switch_s
        self._free_at[dispatch.slot] = begin + seconds
        return Ran(job_id=dispatch.job.id, start=begin, end=begin + seconds)
