"""A round's work on slots: which expert runs where, in which order and with how many requests.

All work of the round is known (see `work` for the nouns). The plan minimises the makespan, the time at
which the last slot with work ends, by estimates; plans within 1 % of each other count as equal, and of
those it takes one with few switch seconds. It names no single request and does nothing: hand each
residency its requests in any order. Does not know where estimates come from, nor the rounds to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from experts.scheduling.round_loads import Loads
from experts.scheduling.round_search import search
from experts.scheduling.round_switching import RoundSwitching
from experts.scheduling.switches import SwitchCounts, SwitchKind, count_kinds
from experts.scheduling.work import ExpertWork, SlotState, switch_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """A stretch in which one expert is resident on one slot."""

    expert: str
    requests: int
    """At least 1."""
    seconds: float
    """To generate them, the switch aside."""
    switch: SwitchKind | None
    """How the expert becomes resident; None where it already is."""
    switch_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundPlan:
    """What every slot does in a round. At most one residency per expert and slot."""

    slots: tuple[tuple[Residency, ...], ...]
    """For every slot, in order."""
    seconds: tuple[float, ...]
    """When every slot ends, from now, its present work included; 0.0 where the round gives it none."""

    @property
    def makespan(self) -> float:
        """Seconds from now until the round is done; 0.0 without work."""
        return max(self.seconds, default=0.0)

    @property
    def bottleneck(self) -> int | None:
        """The slot that ends last, the first of several; None without work."""
        return self.seconds.index(self.makespan) if any(self.slots) else None

    @property
    def switches(self) -> SwitchCounts:
        """Switches by kind."""
        return count_kinds(r.switch for part in self.slots for r in part)

    @property
    def switch_s(self) -> float:
        """Seconds spent in switches, over all slots."""
        return sum(r.switch_s for part in self.slots for r in part)

    @property
    def splits(self) -> int:
        """Residencies beyond the first of each expert."""
        experts = [r.expert for part in self.slots for r in part]
        return len(experts) - len(set(experts))


def plan_round(
    work: Sequence[ExpertWork], slots: Sequence[SlotState], *, last: str | None = None
) -> RoundPlan:
    """Plan a round.

    On a slot the resident expert comes first, for it is free; then its family, then other families one
    after another. An expert stands at most once on a slot, and is split over slots only where that
    shortens the round. The result does not depend on the order of `work`. The effort depends on
    experts and slots, not on the number of requests.

    Args:
        work: each expert once; may be empty.
        slots: at least one where there is work.
        last: an expert that is needed again right after the round, such as the aggregator: it comes
            last wherever it stands. A name that has no work changes nothing.

    Raises:
        ValueError: an expert stands twice in `work` or has no request, or there is no slot for work.
    """
    items = sorted(work, key=lambda w: w.expert)
    _check(items, slots)
    switching = RoundSwitching(items, slots, last)
    requests = [w.requests for w in items]
    unit_s = [w.seconds / w.requests for w in items]
    loads = Loads(switching, requests, unit_s, [s.free_in_s for s in slots])
    if items:
        loads = search(loads)
    planned = [
        _run(slot, [(items[e], part[e]) for e in switching.order(i, part)])
        for i, (slot, part) in enumerate(zip(slots, loads.parts, strict=True))
    ]
    ends = (
        slot.free_in_s + sum(r.switch_s + r.seconds for r in part) if part else 0.0
        for slot, part in zip(slots, planned, strict=True)
    )
    return RoundPlan(slots=tuple(planned), seconds=tuple(ends))


def _check(items: Sequence[ExpertWork], slots: Sequence[SlotState]) -> None:
    names = [w.expert for w in items]
    if len(set(names)) < len(names):
        twice = next(name for name, n in Counter(names).items() if n > 1)
        raise ValueError(f"Expert {twice!r} stands twice in the work of a round; add its requests up.")
    if empty := [w.expert for w in items if w.requests < 1]:
        raise ValueError(f"Expert {empty[0]!r} stands in the work of a round without a request.")
    if items and not slots:
        raise ValueError("A round with work needs at least one slot.")


def _run(slot: SlotState, ordered: Sequence[tuple[ExpertWork, int]]) -> tuple[Residency, ...]:
    residencies = []
    for item, requests in ordered:
        switch, switch_s = switch_to(item.expert, item.family, item.prices, slot)
        seconds = item.seconds * requests / item.requests
        residencies.append(
            Residency(
                expert=item.expert, requests=requests, seconds=seconds, switch=switch, switch_s=switch_s
            )
        )
        slot = replace(slot, expert=item.expert, family=item.family)
    return tuple(residencies)
