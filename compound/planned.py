"""A plan as a value: what a run will take, by round and slot, before anything has run.

Plain figures that serve the command line, reports and JSON alike; how they come about is `planning`'s.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from compound.planning_demand import RoundName, RoutingBasis
from experts.scheduling.round_plan import Residency
from experts.scheduling.switches import SwitchCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRound:
    """One round: every slot works through its experts, and the round ends when the last one has."""

    name: RoundName
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    """At configured prices; experts that are not hosted here included."""
    seconds: float
    """Of the slot that ends last. Experts that are not hosted here take no slot, and no time is planned
    for them."""
    slots: tuple[tuple[Residency, ...], ...]
    """What every slot does, in order."""
    slot_seconds: tuple[float, ...]
    """How long every slot works, switches included."""
    switches: SwitchCounts
    switch_s: float
    """Spent in switches, over all slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole run, from a cold start."""

    queries: int
    k: int
    device: str
    """What a slot runs on."""
    rounds: tuple[PlannedRound, ...]
    routing: RoutingBasis
    """How it is known who will be asked."""
    start_s: float
    """Until slots can be used; 0.0 where no expert is hosted here."""
    bottleneck: int | None
    """The slot, from 0, on which the rounds wait longest; None: no slot has work."""
    moved_bytes: int
    """Weights brought into engines, all switches together."""
    guessed_share: float
    """Share in [0, 1] of the slots' seconds (and of `start_s`) that rests on first guesses."""
    one_more_slot_s: float
    """Seconds of the whole run with one slot more of the same kind."""
    unknown_models: tuple[str, ...]
    """Experts whose weights are not on this machine: their size and family are not known."""

    @property
    def seconds(self) -> float:
        """From the command to the last answer."""
        return self.start_s + sum(r.seconds for r in self.rounds)

    @property
    def slot_seconds(self) -> tuple[float, ...]:
        """How long every slot works, over all rounds."""
        return tuple(sum(part) for part in zip(*(r.slot_seconds for r in self.rounds), strict=True))

    @property
    def switches(self) -> SwitchCounts:
        """Of all rounds: `new_process` and `new_engine` are loads."""
        return sum((r.switches for r in self.rounds), SwitchCounts())

    @property
    def prompt_tokens(self) -> int:
        """Of all rounds."""
        return sum(r.prompt_tokens for r in self.rounds)

    @property
    def completion_tokens(self) -> int:
        """Of all rounds."""
        return sum(r.completion_tokens for r in self.rounds)

    @property
    def cost_usd(self) -> float:
        """Of all rounds, at configured prices."""
        return sum(r.cost_usd for r in self.rounds)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        totals = {
            "seconds": self.seconds,
            "slot_seconds": list(self.slot_seconds),
            "switches": dataclasses.asdict(self.switches),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "cost_usd": self.cost_usd,
        }
        return dataclasses.asdict(self) | totals
