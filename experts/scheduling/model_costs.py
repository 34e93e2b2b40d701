"""What has been observed of one model: its switches, its work, its answers; the last few of each.

Knows how observations are kept and bounded; deliberately not what is concluded from them
(`cost_estimates`) nor where they are stored (`cost_file`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from experts.scheduling.switches import SwitchKind

KEPT = 16
"""Observations kept of a kind. Few, so that a machine that has changed is learned anew within a few
runs; enough for a median that one busy minute cannot move."""
KINDS: tuple[SwitchKind, ...] = get_args(SwitchKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model before it has ever run."""

    key: str
    """Tells models apart on this machine, whatever a configuration calls them."""
    family: str
    """Engine family: models of one family have one architecture, so their costs are alike."""
    weight_bytes: int = 0
    """Size of the weights; 0: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedWork:
    """What one residency generated, and in what time."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """From the first request to the last completion, the switch aside."""
    prompt_characters: int = 0
    """Of all prompts together; 0: not counted."""


@dataclass(slots=True, kw_only=True)
class ModelCosts:
    """All observations of one model, oldest first."""

    facts: ModelFacts
    turn: int = 0
    """When it was last observed, in observations of the whole book."""
    switches: dict[SwitchKind, list[float]] = field(default_factory=dict)
    """Seconds by kind."""
    work: list[ObservedWork] = field(default_factory=list)

    def add_switch(self, kind: SwitchKind, seconds: float) -> None:
        """Remember a switch and forget the oldest beyond `KEPT`."""
        self.switches[kind] = [*self.switches.get(kind, ()), seconds][-KEPT:]

    def add_work(self, work: ObservedWork) -> None:
        """Remember a residency and forget the oldest beyond `KEPT`."""
        self.work = [*self.work, work][-KEPT:]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "family": self.facts.family,
            "weight_bytes": self.facts.weight_bytes,
            "turn": self.turn,
            "switches": {kind: list(seconds) for kind, seconds in self.switches.items()},
            "work": [
                [w.requests, w.prompt_tokens, w.completion_tokens, w.seconds, w.prompt_characters]
                for w in self.work
            ],
        }

    @classmethod
    def from_dict(cls, key: str, data: Mapping[str, Any]) -> ModelCosts:
        """What `to_dict` gave.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it did not give that.
        """
        facts = ModelFacts(
            key=key, family=str(data["family"]), weight_bytes=_checked_count(data["weight_bytes"])
        )
        switches = {
            kind: [checked_seconds(s) for s in data["switches"][kind]][-KEPT:]
            for kind in KINDS
            if kind in data["switches"]
        }
        work = [
            ObservedWork(
                requests=_checked_count(requests, least=1),
                prompt_tokens=_checked_count(prompt),
                completion_tokens=_checked_count(completion),
                seconds=checked_seconds(seconds),
                prompt_characters=_checked_count(characters),
            )
            for requests, prompt, completion, seconds, characters in data["work"]
        ]
        return cls(facts=facts, turn=int(data["turn"]), switches=switches, work=work[-KEPT:])


def checked_seconds(value: Any) -> float:
    """A length of time.

    Raises:
        ValueError: not a finite number that is at least 0.
    """
    seconds = float(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"A time must be a finite number of seconds from 0 on, got {value!r}.")
    return seconds


def _checked_count(value: Any, least: int = 0) -> int:
    count = int(value)
    if count < least:
        raise ValueError(f"A count must be at least {least}, got {value!r}.")
    return count
