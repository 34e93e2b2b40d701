"""The round scheduler: which expert runs on which slot, in which order.

Pure: work and slots in, orders out; no clock, no engine, no Ray. Sees a whole round of work at
once, so every expert is made resident at most once. Knows token counts, never the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertWork:
    """What a round asks of one expert."""

    expert: str
    family: str
    """Engine family; within one a switch is a weight reload."""
    tokens: int
    """Estimated tokens of prompts and answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """What is resident on a slot."""

    expert: str | None = None
    family: str | None = None


_RELOAD_TOKENS = 200
_ENGINE_TOKENS = 10_000
"""Prices of a reload and of a new engine in tokens that could be generated meanwhile: first guesses
(0.04 s and 2 s at 5,000 tokens a second), not fitted to a machine. Only their size beside the work
matters, and only where there are several slots."""


def plan_round(
    work: Sequence[ExpertWork], slots: Sequence[SlotState], *, last: str | None = None
) -> list[tuple[str, ...]]:
    """Assign every expert to one slot and order each slot's experts.

    Largest work first, each to the slot where it ends earliest, switch prices included. On a slot
    the resident expert comes first, then its family, then the other families one after another;
    `last` (the expert that also aggregates, and is needed again at once) closes its slot.

    Args:
        work: experts unique.
        slots: at least one.
        last: an expert of `work`, or any other name or None.

    Returns:
        For every slot, in order, the names of its experts in order.
    """
    assigned: list[list[ExpertWork]] = [[] for _ in slots]
    resident = {state.expert: i for i, state in enumerate(slots) if state.expert}
    for item in sorted(work, key=lambda w: (-w.tokens, w.expert)):
        loads = [_load(assigned[i], slots[i]) for i in range(len(slots))]
        ends = [loads[i] + item.tokens + _price(item, assigned[i], slots[i]) for i in range(len(slots))]
        best = min(range(len(slots)), key=lambda i: (ends[i], resident.get(item.expert) != i, i))
        assigned[best].append(item)
    return [_order(items, state, last) for items, state in zip(assigned, slots, strict=True)]


def _price(item: ExpertWork, others: Sequence[ExpertWork], slot: SlotState) -> int:
    if slot.expert == item.expert:
        return 0
    families = {w.family for w in others} | {slot.family}
    return _RELOAD_TOKENS if item.family in families else _ENGINE_TOKENS


def _load(items: Sequence[ExpertWork], slot: SlotState) -> int:
    total = 0
    for at, item in enumerate(items):
        total += item.tokens + _price(item, items[:at], slot)
    return total


def _order(items: Sequence[ExpertWork], slot: SlotState, last: str | None) -> tuple[str, ...]:
    closing_family = next((w.family for w in items if w.expert == last), None)

    def key(item: ExpertWork) -> tuple[bool, bool, bool, str, bool, int, str]:
        closes = item.expert == last
        starts = item.expert == slot.expert and not closes
        # Families stay together: the resident one first, the closing one last.
        closing = item.family == closing_family and item.family != slot.family
        return (
            closes,
            closing,
            item.family != slot.family,
            item.family,
            not starts,
            -item.tokens,
            item.expert,
        )

    return tuple(w.expert for w in sorted(items, key=key))
