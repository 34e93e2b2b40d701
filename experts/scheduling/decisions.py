"""What the scheduler is told (its rules) and what it answers (dispatches, prefetches).

Values only; knows neither how a decision is found nor how it is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass

from experts.scheduling.switches import SwitchKind
from experts.scheduling.work import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Limits within which the scheduler is free.

    Raises:
        ValueError: a limit is out of its range.
    """

    max_wait_s: float = 30.0
    """Once a job has waited longer, no younger job for another expert is dispatched before it. Above 0.
    Below about four times switch price x experts / slots it binds all the time under load, and the order
    of arrival takes over. It does not promise a latency: that depends on the load."""
    min_residency: float = 1.0
    """A slot keeps its expert for at least this many times the seconds that its switch took, as long as
    more is expected for it and no round, priority or waiting bound wants the slot. 0: leaves at once."""
    max_queued: int | None = None
    """Requests that may wait at one time; None: any number."""
    capacity: int = 256
    """Requests that run at one time on a slot. At least 1; a larger job runs alone."""

    def __post_init__(self) -> None:
        if self.max_wait_s <= 0 or self.min_residency < 0 or self.capacity < 1:
            raise ValueError("Rules: max_wait_s above 0, min_residency at least 0, capacity at least 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Start this job on this slot now, after the switch if there is one."""

    slot: str
    job: Job
    switch: SwitchKind | None = None
    """How its expert becomes resident; None: it is, or an earlier dispatch sees to it."""
    switch_s: float = 0.0
    """Expected seconds of the switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefetch:
    """The slot's likely next expert: worth reading its weights while the present one generates."""

    slot: str
    expert: str
