"""What one slot holds and runs, as far as the scheduler knows.

Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from experts.scheduling.switches import SwitchKind
from experts.scheduling.work import Job, SlotState, switch_to


@dataclass(slots=True, eq=False)
class SlotBook:
    """A slot's state and running jobs."""

    name: str
    capacity: int
    state: SlotState
    running: dict[str, Job] = field(default_factory=dict)
    used: int = 0
    """Requests that run."""
    free_at: float = 0.0
    """Estimated end of what was there when the slot was added, and of what was dispatched since."""
    keep_until: float = 0.0
    """End of the resident expert's minimum residency."""
    closing_for: str | None = None
    """The expert for which this slot takes in no more jobs of its present one."""
    foretold: bool = False
    """The next expert was already announced during this residency."""

    @property
    def idle(self) -> bool:
        """Whether nothing runs."""
        return not self.running

    def has_room(self, job: Job) -> bool:
        """Whether a job of the resident expert can join."""
        return self.idle or self.used + job.requests <= self.capacity

    def price(self, job: Job) -> tuple[SwitchKind | None, float]:
        """How the job's expert would become resident, and in how many seconds."""
        return switch_to(job.expert, job.family, job.prices, self.state)

    def start(self, job: Job, now: float, min_residency: float) -> tuple[SwitchKind | None, float]:
        """Book a dispatch; returns the switch that it implies."""
        kind, seconds = self.price(job)
        if kind is not None:
            self.become(job.expert, job.family)
            self.keep_until = now + (1.0 + min_residency) * seconds
        self.hold(job, now, seconds)
        return kind, seconds

    def hold(self, job: Job, now: float, switch_s: float = 0.0) -> None:
        """Book a job as running."""
        self.free_at = max(self.free_at, now) + switch_s + job.seconds
        self.running[job.id] = job
        self.used += job.requests

    def release(self, job_id: str, now: float) -> None:
        """A running job has ended."""
        job = self.running.pop(job_id)
        self.used -= job.requests
        if self.idle:
            self.free_at = now

    def become(self, expert: str, family: str) -> None:
        """The expert is resident, or on its way; an engine that was parked for its family is awake."""
        left = (self.state.family, self.state.expert)
        parked = dict(self.state.parked)
        if family in parked and family != left[0]:
            del parked[family]
            if left[0] is not None and left[1] is not None:
                parked[left[0]] = left[1]
        self.state = replace(
            self.state, expert=expert, family=family, parked=tuple(sorted(parked.items())), free_in_s=0.0
        )
        self.foretold = False
        self.closing_for = None

    def seen(self, now: float) -> SlotState:
        """The state as a planner wants it, with the seconds until the slot is free."""
        return replace(self.state, free_in_s=max(0.0, self.free_at - now) if self.running else 0.0)
