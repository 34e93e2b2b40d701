"""What a slot tells about itself: work, faults and status; switches are in `scheduling.switches`.

Plain values that cross Ray.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experts.scheduling.work import SlotState

FaultKind = Literal[
    "engine_died",
    "engine_hung",
    "load_failed",
    "memory_not_freed",
    "slot_failed",
    "slot_lost",
    "coordinator_lost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something broke, and what was done about it."""

    kind: FaultKind
    slot: str | None
    """Name of the slot; None: not of a slot."""
    expert: str | None
    """Whose work was affected; None: nobody's."""
    requests: int = 0
    """How many requests had to be done again or failed."""
    detail: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """What a job took on a slot, switch aside: the measurements that costs are learned from."""

    expert: str
    slot: str
    requests: int
    prompt_characters: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """Wall seconds in which the slot worked on this job and on no earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A slot gives a job back: what is unfinished may be tried elsewhere."""

    reason: str
    """One sentence for the error of a request, should nobody else be able to do it."""
    retryable: bool
    """Whether asking again later may help."""


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """A slot as it is now, for the coordinator and for people."""

    name: str
    state: SlotState
    pid: int
    """Of the slot's own process."""
    engine_pid: int | None
    """Of the engine at work; None: there is none."""
    node: str
    """Name of the machine."""
    running: tuple[str, ...]
    """Names of the experts whose batches it holds."""
