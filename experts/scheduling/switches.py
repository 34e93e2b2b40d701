"""Switches between experts, counted by kind: the currency in which scheduling is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

SwitchKind = Literal["new_process", "new_engine", "reload", "wake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchCounts:
    """How often an expert was made resident, by the way it was done. Adds with `+`."""

    new_process: int = 0
    """A new engine process was started (its first engine included)."""
    new_engine: int = 0
    """A new engine was built in the warm process."""
    reload: int = 0
    """Weights were reloaded in place."""
    wake: int = 0
    """A parked engine was woken, its weights reloaded where it held another expert's."""

    def __add__(self, other: SwitchCounts) -> SwitchCounts:
        return SwitchCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __sub__(self, other: SwitchCounts) -> SwitchCounts:
        return SwitchCounts(**{f.name: getattr(self, f.name) - getattr(other, f.name) for f in fields(self)})

    @property
    def total(self) -> int:
        """Switches of all kinds."""
        return sum(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch, as it happened."""

    expert: str
    kind: SwitchKind
    seconds: float
    slot: str = ""
    """Where."""
    reloaded: bool = False
    """With a wake: whether weights were reloaded after it; their time is in `seconds`."""
    note: str | None = None
    """What a user should know, such as a reload that was refused."""


def count(switches: Iterable[Switch]) -> SwitchCounts:
    """Counts of switches that happened."""
    return count_kinds(s.kind for s in switches)


def count_kinds(kinds: Iterable[SwitchKind | None]) -> SwitchCounts:
    """Counts of kinds; None, where there was no switch, counts for nothing."""
    return SwitchCounts(**Counter[str](kind for kind in kinds if kind is not None))
