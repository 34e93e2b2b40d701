"""The scheduler's nouns: prices of a switch, work for an expert, a job, the state of a slot.

Pure values. Seconds are estimates (see `costs`); the scheduler never asks where they come from, nor
what a request says. `expert` is any name that tells models apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from experts.scheduling.switches import SwitchKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPrices:
    """Seconds to make one expert resident, by the way it is done."""

    wake_s: float = 0.0
    """Wake a parked engine of its family (without the reload that follows if that held another expert)."""
    reload_s: float = 0.0
    """Reload its weights in a live engine of its family."""
    engine_s: float = 0.0
    """Build a new engine in a warm process."""
    process_s: float = 0.0
    """Start a new process with its first engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """What a slot holds."""

    expert: str | None = None
    """Resident expert."""
    family: str | None = None
    """Engine family of the live engine; None: no process runs."""
    parked: tuple[tuple[str, str], ...] = ()
    """(family, expert) of engines that sleep beside it."""
    free_in_s: float = 0.0
    """Seconds until its present work ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertWork:
    """What a round asks of one expert."""

    expert: str
    family: str
    """Engine family; within one a switch is a weight reload."""
    requests: int
    """At least 1; work can be split over slots between requests."""
    seconds: float
    """To generate all of it on one slot, switches aside."""
    prices: SwitchPrices


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of work that is started as a whole: some requests of one client to one expert."""

    id: str
    expert: str
    family: str
    prices: SwitchPrices
    requests: int = 1
    seconds: float = 1.0
    """To generate it, switches aside, on a slot that is busy with its like."""
    priority: int = 0
    """Higher goes first, until somebody's waiting bound is passed."""
    round: str | None = None
    """Jobs of one round are known together and are planned together; None: it came alone."""
    last: bool = False
    """Its expert is needed again right after the round: it comes last on its slot."""
    avoid: frozenset[str] = frozenset()
    """Slots on which it has failed; used again only where there is no other."""


def switch_to(
    expert: str, family: str, prices: SwitchPrices, slot: SlotState
) -> tuple[SwitchKind | None, float]:
    """How `expert` would become resident on a slot, and in how many seconds; (None, 0.0) where it is."""
    if slot.expert == expert:
        return None, 0.0
    if slot.family is None:
        return "new_process", prices.process_s
    if slot.family == family:
        return "reload", prices.reload_s
    for parked_family, parked_expert in slot.parked:
        if parked_family == family:
            return "wake", prices.wake_s + (0.0 if parked_expert == expert else prices.reload_s)
    return "new_engine", prices.engine_s
