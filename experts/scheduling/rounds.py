"""Rounds: jobs that are known together, planned together, and pinned to slots in the plan's order.

Plans with `plan_round` from what the slots hold and still have to do; plans again what waits when slots
come or go. Does not decide when a slot turns to a round rather than to other work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from experts.scheduling.round_plan import Residency, plan_round
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Entry, Group, Waiting
from experts.scheduling.work import ExpertWork, SlotState, switch_to


@dataclass(slots=True)
class _Round:
    visits: dict[str, list[Group]] = field(default_factory=dict)
    """Per slot, in the order of the plan; those that are empty are done."""
    visited: set[tuple[str, str]] = field(default_factory=set)
    """(expert, slot) that were used; an expert comes to a slot once in a round."""

    def ahead(self, slot: str) -> list[Group]:
        left = [group for group in self.visits.get(slot, ()) if group.jobs]
        self.visits[slot] = left
        return left

    def first(self, slot: str) -> Group | None:
        """What is next on a slot."""
        visits = self.visits.get(slot)
        while visits and not visits[0].jobs:
            del visits[0]
        return visits[0] if visits else None


class Rounds:
    """All rounds of which jobs wait.

    Args:
        waiting: all waiting jobs; those of rounds are added and moved here.
        slots: the slots by name, kept up to date by their owner.
    """

    def __init__(self, waiting: Waiting, slots: Mapping[str, SlotBook]) -> None:
        self._waiting = waiting
        self._slots = slots
        self._rounds: dict[str, _Round] = {}

    def add(self, entries: Iterable[Entry], now: float) -> None:
        """Take jobs of rounds in; a round that is known already is planned anew with them."""
        new: dict[str, list[Entry]] = {}
        for entry in entries:
            new.setdefault(entry.job.round or "", []).append(entry)
        for name, members in new.items():
            self._prune()
            self._plan(name, [*self._take_out(name), *members], now)

    def plan_again(self, now: float) -> None:
        """Plan all waiting jobs of all rounds for the slots that there are."""
        known: dict[str, list[Entry]] = {}
        for entry in sorted(self._waiting):
            if entry.job.round is not None and not entry.job.avoid:
                known.setdefault(entry.job.round, []).append(entry)
        for entries in known.values():
            for entry in entries:
                self._waiting.remove(entry.job.id)
        for name, entries in known.items():
            self._plan(name, entries, now)

    def forget_slot(self, slot: str) -> None:
        """The slot is gone; if it comes back it holds nothing of what it held."""
        for known in self._rounds.values():
            known.visited = {(expert, at) for expert, at in known.visited if at != slot}

    @property
    def planned(self) -> bool:
        """Whether there may be jobs of rounds that wait."""
        return bool(self._rounds)

    def is_next(self, group: Group) -> bool:
        """Whether it is the group's turn in its round on its slot."""
        return self._rounds[group.round or ""].first(group.slot or "") is group

    def next_on(self, slot: str) -> list[Group]:
        """The next group of every round on this slot."""
        return [group for known in self._rounds.values() if (group := known.first(slot)) is not None]

    def begun(self, group: Group, slot: str) -> None:
        """A job of the group was dispatched there."""
        known = self._rounds.get(group.round or "")
        if known is not None:
            known.visited.add((group.expert, slot))

    def take_over(self, slot: SlotBook, now: float) -> Group | None:
        """Move planned work to a slot that has none, if its round then ends earlier; returns what was moved.

        Takes from the slot that ends last, from the end of its plan, at least as many seconds of work as
        the switch costs.
        """
        ends = {s.name: self._after(s, now).free_in_s for s in self._slots.values() if s is not slot}
        for source in sorted(ends, key=lambda name: (-ends[name], name)):
            for name, known in sorted(self._rounds.items()):
                for group in reversed(known.ahead(source)):
                    if (group.expert, slot.name) in known.visited:
                        continue
                    price = slot.price(group.oldest.job)[1]
                    moved = self._youngest(group, (ends[source] - price) / 2, price)
                    if moved:
                        return self._move(name, moved, slot)
        return None

    @staticmethod
    def _youngest(group: Group, at_most_s: float, at_least_s: float) -> list[Entry]:
        chosen: list[Entry] = []
        seconds = 0.0
        if min(group.seconds, at_most_s) < at_least_s:
            return chosen
        for entry in sorted(group.jobs.values(), reverse=True):
            if seconds + entry.job.seconds > at_most_s:
                break
            chosen.append(entry)
            seconds += entry.job.seconds
        return chosen if chosen and seconds >= at_least_s else []

    def _move(self, name: str, entries: Sequence[Entry], slot: SlotBook) -> Group:
        for entry in entries:
            self._waiting.remove(entry.job.id)
        group = self._pin(name, entries, slot.name)
        self._rounds[name].visits.setdefault(slot.name, []).append(group)
        return group

    def _pin(self, name: str, entries: Sequence[Entry], slot: str) -> Group:
        priority = max(entry.job.priority for entry in entries)
        group = Group(entries[0].job.expert, frozenset(), priority, name, slot)
        for entry in entries:
            self._waiting.add(entry, group)
        return group

    def _take_out(self, name: str) -> list[Entry]:
        known = self._rounds.get(name)
        groups = [g for visits in known.visits.values() for g in visits] if known is not None else []
        entries = [entry for group in groups for entry in group.jobs.values()]
        for entry in entries:
            self._waiting.remove(entry.job.id)
        return entries

    def _prune(self) -> None:
        for name in [n for n, r in self._rounds.items() if not any(r.ahead(s) for s in list(r.visits))]:
            del self._rounds[name]

    def _plan(self, name: str, entries: Sequence[Entry], now: float) -> None:
        known = self._rounds.setdefault(name, _Round())
        known.visits = {}
        if not self._slots:
            for entry in entries:  # they wait where any slot may take them, until one is there
                self._waiting.add(entry)
            return
        jobs: dict[str, list[Entry]] = {}
        for entry in sorted(entries):
            jobs.setdefault(entry.job.expert, []).append(entry)
        last = min((e.job.expert for e in entries if e.job.last), default=None)
        names = sorted(self._slots)
        plan = plan_round(
            [_work(members) for members in jobs.values()],
            [self._after(self._slots[n], now) for n in names],
            last=last,
        )
        shares = {expert: _Shares(members) for expert, members in jobs.items()}
        for slot, residencies in zip(names, plan.slots, strict=True):
            parts = [shares[residency.expert].take(residency) for residency in residencies]
            known.visits[slot] = [self._pin(name, part, slot) for part in parts if part]

    def _after(self, slot: SlotBook, now: float) -> SlotState:
        """The slot's state when all that is planned on it is done, `free_in_s` being when that is."""
        state = slot.seen(now)
        for known in self._rounds.values():
            for group in known.ahead(slot.name):
                job = group.oldest.job
                switch_s = switch_to(job.expert, job.family, job.prices, state)[1]
                free_in_s = state.free_in_s + switch_s + group.seconds
                state = replace(state, expert=job.expert, family=job.family, free_in_s=free_in_s)
        return state


class _Shares:
    """Deals an expert's jobs out to its residencies, whole jobs, as near to the plan as they allow."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = deque(entries)
        self._left = sum(e.job.requests for e in entries)
        self._due = 0
        self._dealt = 0

    def take(self, residency: Residency) -> list[Entry]:
        self._due += residency.requests
        self._left -= residency.requests
        taken: list[Entry] = []
        while self._entries:
            size = self._entries[0].job.requests
            if self._left > 0 and self._dealt + size / 2 > self._due:
                break
            taken.append(self._entries.popleft())
            self._dealt += size
        return taken


def _work(entries: Sequence[Entry]) -> ExpertWork:
    first = entries[0].job
    return ExpertWork(
        expert=first.expert,
        family=first.family,
        requests=sum(e.job.requests for e in entries),
        seconds=sum(e.job.seconds for e in entries),
        prices=first.prices,
    )
