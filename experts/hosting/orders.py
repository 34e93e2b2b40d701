"""What clients and the coordinator say to each other. Plain values that cross Ray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from experts.hosting.records import SlotStatus
from experts.scheduling.work import Job


@dataclass(frozen=True, slots=True)
class Joined:
    """A client is known."""

    incarnation: str
    """Of this coordinator; another one knows nothing of what was told to this one."""
    slots: int
    """Slots that live."""
    problem: str | None = None
    """Why there are none to be had; one sentence."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A job may run now."""

    job_id: str
    slot: str
    actor: Any
    """Ray handle of the slot."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A slot is likely to need an expert next."""

    expert: str
    """Key of the model."""
    actor: Any


@dataclass(frozen=True, slots=True)
class Orders:
    """What has been decided for a client since it last asked."""

    grants: tuple[Grant, ...] = ()
    ahead: tuple[Ahead, ...] = ()
    idle: int = 0
    """Slots that nobody has work for at present."""
    slots: int = 1
    """Slots that live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A job that was accepted before, as a client tells it to a coordinator that does not know it."""

    job: Job
    waited_s: float
    slot: str | None = None
    """Where it runs; None: it waits."""


@dataclass(frozen=True, slots=True)
class HostingStatus:
    """Slots and queue, for people and tests."""

    coordinator_pid: int
    slots: tuple[SlotStatus, ...]
    waiting: int
    """Jobs."""
    running: int
    clients: int
    lost_slots: int
    """Slots lost since the coordinator started."""
