"""Which waiting group an idle slot switches to, and whether it switches at all yet.

Weighs waiting time against the price of the switch. Does not know the waiting bound (it is asked only
about groups that the bound allows) nor what happens on slots that run something.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from experts.scheduling.arrivals import Arrivals
from experts.scheduling.decisions import Rules
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Group

_REPLICA_WORK = 2.0
"""An expert gets one more slot if the work that waits for it, per slot that has it, is worth this many
switches."""
_LATE = 0.45
"""Nothing is held back past this share of the waiting bound."""
_RELUCTANCE = 2.0
"""How much more patient than usual a slot is that has an expert of usual popularity. It goes with the
square of the popularity: idle time is best spent where the next request is likely to be for."""
_URGENCY = 3
"""Power of the oldest job's age in the ranking. 0: least mean latency; large: order of arrival."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group that could go to an idle slot."""

    group: Group
    slot: SlotBook
    price: float
    holders: int = 0
    """Other slots that have its expert and may serve it."""


class Choice:
    """The decision for idle slots at one moment."""

    def __init__(self, rules: Rules, arrivals: Arrivals, now: float, slots: int, typical_s: float) -> None:
        self._rules = rules
        self._arrivals = arrivals
        self._now = now
        self.patience = arrivals.patience(typical_s, slots, now)
        """Seconds of waiting that a second of switching must be worth."""

    def best(self, candidates: Iterable[Candidate]) -> Candidate | None:
        """The candidate to switch to now: by priority, then by waiting time per second of switching.

        All but the power of the oldest age follows from the square-root rule (see `arrivals`); powers and
        shares were chosen by simulation (eval.performance.online_scheduling).
        """
        ripe = [c for c in candidates if self.ripe_at(c) <= self._now]
        return min(ripe, key=self._rank, default=None)

    def ripe_at(self, candidate: Candidate) -> float:
        """When this switch pays, if nothing more comes; inf: only with more work."""
        group, slot, price = candidate.group, candidate.slot, candidate.price
        urgent = group.oldest.arrived + _LATE * self._rules.max_wait_s
        if candidate.holders and group.seconds < _REPLICA_WORK * price * candidate.holders:
            return math.inf
        if group.round is not None or group.priority > 0 or price <= 0:
            return self._now
        if not self.patience:
            return self._now
        n = len(group.jobs)
        popularity = self._arrivals.share(slot.state.expert or "") / self._arrivals.usual_share()
        worth = self.patience * price * _RELUCTANCE * popularity**2
        ripe = (worth + group.arrived) / n
        if slot.state.expert is not None and self._arrivals.rate(slot.state.expert, self._now) > 0:
            ripe = max(ripe, slot.keep_until)
        return min(ripe, urgent)

    def _rank(self, candidate: Candidate) -> tuple[int, float, float, str, str]:
        group = candidate.group
        value = group.ages(self._now) + group.seconds
        urgency = max(self._now - group.oldest.arrived, 1e-3) ** _URGENCY
        index = value * urgency / max(candidate.price, 1e-9) / (1 + candidate.holders)
        return (-group.priority, -index, group.oldest.arrived, group.expert, candidate.slot.name)


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
