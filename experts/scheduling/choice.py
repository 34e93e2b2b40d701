"""When a switch pays, and which of those that pay comes first.

Weighs waiting time against the price of the switch. Does not know the waiting bound (it is asked only
about groups that the bound allows) nor what happens on slots that run something.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from experts.scheduling.arrivals import Arrivals
from experts.scheduling.decisions import Rules
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Group

_REPLICA_WORK = 2.0
"""An expert gets one more slot if the work that waits for it, per slot that has it, is worth this many
switches and its slots cannot keep up with what comes for it. Where they can, they get through it without
a switch; then it must be more than they do while a job is held back."""
_LATE = 0.5
"""Nothing is held back past this share of the waiting bound: the other half is for the queue that then
forms. Less by the part that one job is of the switch, down to nothing where a job takes as long as the
switch, since there is little to be saved by waiting for more of them."""
_RELUCTANCE = 2.0
"""How much more patient than usual a slot is that has an expert of usual popularity. It goes with the
square of the popularity: idle time is best spent where the next request is likely to be for."""
_URGENCY = 3
"""Power of the oldest job's age in the ranking. 0: least mean latency; large: order of arrival."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot to switch, and what that must be worth. One offer may hold for many groups."""

    slot: SlotBook
    price: float
    """Seconds of the switch."""
    holders: int
    """Other slots that have the expert and may serve it."""
    worth: float
    """Seconds of waiting, over all jobs of a group, from which on the switch pays."""
    keep_until: float
    """The slot keeps its expert until then."""
    patience_s: float
    """The most seconds that a job is held back."""


class Candidate(NamedTuple):
    """A group that could go to a slot."""

    group: Group
    offer: Offer


class Choice:
    """The decision for idle slots at one moment."""

    def __init__(self, rules: Rules, arrivals: Arrivals, now: float, slots: int, typical_s: float) -> None:
        self._most_s = _LATE * rules.max_wait_s
        self._arrivals = arrivals
        self._now = now
        self.patience = arrivals.patience(typical_s, slots, now)
        """Seconds of waiting that a second of switching must be worth."""

    def best(self, ripe: Iterable[Candidate]) -> Candidate | None:
        """Of switches that pay, the one to do now: by priority, then by waiting per second of switching.

        All but the power of the oldest age follows from the square-root rule (see `arrivals`); powers and
        shares were chosen by simulation (eval.performance.online_scheduling).
        """
        return min(ripe, key=self._rank, default=None)

    def offer(self, slot: SlotBook, price: float, holders: int = 0) -> Offer:
        """What a switch of a slot must be worth now."""
        if not self.patience or price <= 0:
            return Offer(slot, price, holders, 0.0, -math.inf, 0.0)
        expert, arrivals = slot.state.expert or "", self._arrivals
        popularity = arrivals.share(expert) / arrivals.usual_share()
        worth = self.patience * price * _RELUCTANCE * popularity**2
        expected = arrivals.rate(expert, self._now) > 0
        keep_until = slot.keep_until if expected else -math.inf
        patience_s = self._most_s * max(0.0, 1.0 - arrivals.seconds / price)
        return Offer(slot, price, holders, worth, keep_until, patience_s)

    def ripe_at(self, group: Group, offer: Offer) -> float:
        """When a switch for a group pays, if nothing more comes; inf: only with more work."""
        if offer.holders and group.seconds < self._replica_s(group, offer) * offer.holders:
            return math.inf
        if group.priority > 0 or group.round is not None:
            return self._now
        ripe = (offer.worth + group.arrived) / len(group.jobs)
        if offer.keep_until > ripe:
            ripe = offer.keep_until
        if ripe <= self._now:
            return ripe
        late = group.oldest.arrived + offer.patience_s
        return late if late < ripe else ripe

    def _replica_s(self, group: Group, offer: Offer) -> float:
        """Seconds of work per slot that has the expert, from which on one more is worth it."""
        least = _REPLICA_WORK * offer.price
        asked = self._arrivals.rate(group.expert, self._now) * self._arrivals.seconds
        return least if asked > offer.holders else max(least, offer.patience_s)

    def _rank(self, candidate: Candidate) -> tuple[int, float, float, str, str]:
        group, offer = candidate
        value = group.ages(self._now) + group.seconds
        urgency = max(self._now - group.oldest.arrived, 1e-3) ** _URGENCY
        index = value * urgency / max(offer.price, 1e-9) / (1 + offer.holders)
        return (-group.priority, -index, group.oldest.arrived, group.expert, offer.slot.name)
