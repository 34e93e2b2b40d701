"""Which waiting groups may go to which idle or open slots, and which of them pay by now.

One walk over the groups answers both what to switch to now and when to look again, for the walk is what
a decision costs. Does not know what a switch is worth (see `choice`), and decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from experts.scheduling.arrivals import Arrivals
from experts.scheduling.choice import Candidate, Choice, Offer
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Group
from experts.scheduling.waiting_bound import WaitingBound

MayGo = Callable[[Group, SlotBook], bool]
"""Whether rounds, refusals and the waiting bound let a group go to a slot."""


@dataclass(frozen=True, slots=True)
class Survey:
    """The outcome of one walk."""

    ripe: list[Candidate]
    """Switches that pay now, each group with the slot where that is cheapest."""
    next_at: float
    """When the first of the others pays; inf: none without more work."""


class Surveyor:
    """Walks over all waiting groups, with the `targets` among the slots on offer.

    Args:
        targets: slots that may switch.
        slots: all slots.
        arrivals: what is asked for.
        choice: what a switch is worth.
        may_go: asked about groups that not every slot may take.
    """

    def __init__(
        self,
        targets: Iterable[SlotBook],
        slots: Mapping[str, SlotBook],
        arrivals: Arrivals,
        choice: Choice,
        may_go: MayGo,
    ) -> None:
        self._targets = {slot.name: slot for slot in targets}
        self._all, self._choice, self._may_go = slots, choice, may_go
        self._holders: dict[str, list[str]] = {}
        for slot in slots.values():
            self._holders.setdefault(slot.state.expert or "", []).append(slot.name)
        self._asked = {expert: arrivals.share(expert) for expert in self._holders}
        self._usual = cheapest_slots(self._targets.values(), self._asked)

    def offered(self) -> tuple[object, ...]:
        """What the worth of switches rests on beside the groups: while it is the same, so is theirs."""
        states = (slot.state for slot in self._all.values())
        return self._choice.patience, *(slot.name for slot in self._usual), *self._all, *states

    def survey(self, groups: Iterable[Group], bound: WaitingBound, now: float) -> Survey:
        """Weigh those groups that the bound allows."""
        ripe: list[Candidate] = []
        next_at = math.inf
        offers: dict[tuple[str, int], Offer] = {}
        holders, ripe_at, late = self._holders, self._choice.ripe_at, bound.oldest is not None
        for group in groups:
            if group.slot is not None and group.slot not in self._targets:
                continue
            oldest = group.oldest
            if late and not bound.allows(oldest):
                continue
            offer: Offer | None
            if group.anywhere and group.expert not in holders:
                # Prices are told apart by identity, which is cheap; the waiting jobs keep them alive.
                kind = (oldest.job.family, id(oldest.job.prices))
                offer = offers.get(kind)
                if offer is None:
                    offer = offers[kind] = self._cheapest(group, self._usual, 0)
            else:
                offer = self._particular(group)
                if offer is None:
                    continue
            at = ripe_at(group, offer)
            if at <= now:
                ripe.append(Candidate(group, offer))
            elif at < next_at:
                next_at = at
        return Survey(ripe, next_at)

    def _particular(self, group: Group) -> Offer | None:
        """For a group that not every slot may take, or that has a slot already."""
        slots = self._usual
        if group.slot is not None:
            slots = [self._targets[group.slot]]
        elif group.avoid and any(name not in group.avoid for name in self._all):
            free = (s for n, s in self._targets.items() if n not in group.avoid)
            slots = cheapest_slots(free, self._asked)
        slots = [s for s in slots if s.state.expert != group.expert and self._may_go(group, s)]
        if not slots:
            return None
        holders = self._holders.get(group.expert, ()) if group.slot is None else ()
        return self._cheapest(group, slots, sum(n not in group.avoid for n in holders))

    def _cheapest(self, group: Group, slots: list[SlotBook], holders: int) -> Offer:
        job = group.oldest.job
        price, slot = min(((slot.price(job)[1], slot) for slot in slots), key=lambda p: p[0])
        return self._choice.offer(slot, price, holders)


def cheapest_slots(idle: Iterable[SlotBook], worth: Mapping[str, float]) -> list[SlotBook]:
    """Of the idle slots that are alike to every newcomer, the one whose expert is least asked for.

    Args:
        idle: slots on which nothing runs.
        worth: per expert, jobs a second.

    Returns:
        One slot for each engine family (and parked engines) among them.
    """
    alike: dict[object, SlotBook] = {}
    for slot in sorted(idle, key=lambda s: (worth.get(s.state.expert or "", 0.0), s.name)):
        alike.setdefault((slot.state.family, slot.state.parked), slot)
    return list(alike.values())
