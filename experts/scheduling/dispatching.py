"""From waiting jobs and slots to dispatches: joins first, then switches of idle slots.

Keeps the waiting bound, priorities and capacities. Does not weigh switches (see `choice`) and does not
take jobs in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from experts.scheduling.arrivals import Arrivals
from experts.scheduling.candidates import Survey, Surveyor
from experts.scheduling.choice import Choice
from experts.scheduling.decisions import Dispatch, Prefetch, Rules
from experts.scheduling.rounds import Rounds
from experts.scheduling.slot_book import SlotBook
from experts.scheduling.waiting import Group, Waiting
from experts.scheduling.waiting_bound import WaitingBound


class Dispatching:
    """The decisions of one scheduler over its books."""

    def __init__(
        self,
        rules: Rules,
        slots: Mapping[str, SlotBook],
        waiting: Waiting,
        arrivals: Arrivals,
        rounds: Rounds,
    ) -> None:
        self._rules = rules
        self._slots = slots
        self._waiting = waiting
        self._arrivals = arrivals
        self._rounds = rounds
        self._typical_s = 0.0
        self._last: tuple[float, Survey] | None = None
        self._calm: tuple[object, float] | None = None

    def changed(self) -> None:
        """Something happened since the last decision; what it found out of the rest no longer holds."""
        self._last = None

    def decide(self, now: float) -> list[Dispatch | Prefetch]:
        """What to start now."""
        self._last = None
        out: list[Dispatch | Prefetch] = []
        if not len(self._waiting):
            return out
        for slot in self._slots.values():
            if slot.closing_for is not None and slot.closing_for not in self._waiting.by_expert:
                slot.closing_for = None
        while self._join(now, out) or self._switch(now, out) or self._take_over(now) or self._reopen():
            pass
        self._close(now)
        touched = dict.fromkeys(d.slot for d in out)
        out.extend(p for name in touched for p in self._foretell(self._slots[name], now))
        return out

    def next_decision(self, now: float) -> float | None:
        """Seconds until something that is held back may go, or a job passes its bound."""
        oldest = self._waiting.oldest()
        if oldest is None or not self._slots:
            return None
        times = [oldest.arrived + self._rules.max_wait_s]
        idle = [s for s in self._slots.values() if s.idle]
        if targets := idle or self._open_slots():
            if self._last is None or self._last[0] != now:
                bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
                self._last = now, self._survey(targets, bound, now)
            times += [self._last[1].next_at, self._arrivals.quiet_at()]
            times += [s.keep_until for s in targets if not s.idle]
        later = [t - now for t in times if t > now]
        # Just past the moment: at the moment itself rounding may say that it is not yet there.
        return min(later) * (1 + 1e-9) + 1e-6 if later and min(later) < float("inf") else None

    # ------------------------------------------------------------ joining what is resident

    def _join(self, now: float, out: list[Dispatch | Prefetch]) -> bool:
        """Start jobs where their expert is resident; returns whether any was."""
        holders: dict[str, list[SlotBook]] = {}
        for slot in self._slots.values():
            if slot.running and slot.used >= slot.capacity:
                continue
            if slot.state.expert in self._waiting.by_expert and slot.closing_for is None:
                holders.setdefault(slot.state.expert or "", []).append(slot)
        any_joined = False
        bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
        for expert in sorted(holders):
            some = holders[expert]
            while some:
                slot = min(some, key=lambda s: (s.used, s.name))
                group = self._joinable(slot, bound)
                if group is None:
                    some.remove(slot)
                    continue
                any_joined = True
                out.append(self._start(group, slot, now))
                if bound.oldest is not None:
                    bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
        return any_joined

    def _joinable(self, slot: SlotBook, bound: WaitingBound) -> Group | None:
        groups = [
            g
            for g in self._waiting.by_expert.get(slot.state.expert or "", ())
            if self._may_go(g, slot, bound) and not self._outranked(g, slot, bound)
        ]
        first = min(groups, key=lambda g: (-g.priority, g.oldest), default=None)
        # Where the first needs more room than there is nothing smaller slips past it for ever.
        return first if first is not None and slot.has_room(first.oldest.job) else None

    def _may_go(self, group: Group, slot: SlotBook, bound: WaitingBound) -> bool:
        if bound.oldest is not None and not bound.allows(group.oldest):
            return False
        if group.slot is None:
            return slot.name not in group.avoid or self._nowhere_else(group)
        if group.slot != slot.name:
            return False
        if self._rounds.is_next(group):
            return True
        # Past the bound the oldest goes out of its turn; once its expert is resident, so do the others of it:
        # they are as old, and the expert would have to be switched to once more.
        return bound.oldest is not None and (
            group.oldest is bound.oldest or group.expert == slot.state.expert
        )

    def _nowhere_else(self, group: Group) -> bool:
        return all(name in group.avoid for name in self._slots)

    def _outranked(self, group: Group, slot: SlotBook, bound: WaitingBound) -> bool:
        """Whether work of higher priority waits that needs a slot to switch, perhaps this one."""
        if not self._waiting.mixed:
            return False
        resident = {s.state.expert for s in self._slots.values()}
        return any(
            other.priority > group.priority
            and other.expert not in resident
            and self._may_go(other, slot, bound)
            for other in self._waiting.groups()
        )

    # ------------------------------------------------------------ switching

    def _switch(self, now: float, out: list[Dispatch | Prefetch]) -> bool:
        """Let one idle slot switch, if that pays; returns whether it did."""
        self._last = None
        idle = [slot for slot in self._slots.values() if slot.idle]
        if not idle or not len(self._waiting):
            self._calm = None
            return False
        bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
        found = self._survey_anew(idle, bound, now)
        best = self._choice(now).best(found.ripe)
        if best is None:
            self._last = now, found
            return False
        out.append(self._start(best.group, best.offer.slot, now))
        return True

    def _survey_anew(self, idle: list[SlotBook], bound: WaitingBound, now: float) -> Survey:
        """A survey that weighs only the groups that grew, where nothing else has changed since the last.

        Shares of experts shift a little with every arrival; for what was weighed before, that waits until
        the patience is learned anew.
        """
        waiting, surveyor = self._waiting, self._surveyor(idle, bound, now)
        offered, calm = surveyor.offered(), self._calm
        steady = bound.oldest is None and not waiting.tied
        if calm is not None and steady and calm[0] == offered and now < calm[1]:
            found = surveyor.survey(list(waiting.grown), bound, now)
            found = Survey(found.ripe, min(found.next_at, calm[1]))
        else:
            found = surveyor.survey(waiting.groups(), bound, now)
        waiting.grown.clear()
        self._calm = (offered, found.next_at) if steady and not found.ripe else None
        return found

    def _take_over(self, now: float) -> bool:
        """Let an idle slot take work that a round has planned elsewhere; returns whether one did."""
        if not self._rounds.planned:
            return False
        idle = sorted((s for s in self._slots.values() if s.idle), key=lambda s: s.name)
        bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
        return any(
            self._rounds.take_over(slot, now) is not None
            for slot in idle
            if bound.oldest is None and not self._rounds.next_on(slot.name)
        )

    def _reopen(self) -> bool:
        """Let slots that ran dry for others go on with their own expert, since no switch pays now."""
        dry = [s for s in self._slots.values() if s.idle and s.closing_for is not None]
        for slot in dry:
            slot.closing_for = None
        return bool(dry)

    def _close(self, now: float) -> None:
        """Let slots that run something, but have room, take no more, where others' work is worth it."""
        if not len(self._waiting) or any(s.idle for s in self._slots.values()):
            return
        bound = WaitingBound(self._waiting, self._rules.max_wait_s, now)
        wanted = {s.closing_for for s in self._slots.values()} - {None}
        open_slots = [s for s in self._open_slots() if s.closing_for is None and s.keep_until <= now]
        while open_slots:
            ripe = self._survey(open_slots, bound, now).ripe
            best = self._choice(now).best(c for c in ripe if c.group.expert not in wanted)
            if best is None:
                return
            best.offer.slot.closing_for = best.group.expert
            wanted.add(best.group.expert)
            open_slots.remove(best.offer.slot)

    def _open_slots(self) -> list[SlotBook]:
        """Slots that run something and have room."""
        return [s for s in self._slots.values() if s.running and s.used < s.capacity]

    def _survey(self, targets: Iterable[SlotBook], bound: WaitingBound, now: float) -> Survey:
        return self._surveyor(targets, bound, now).survey(self._waiting.groups(), bound, now)

    def _surveyor(self, targets: Iterable[SlotBook], bound: WaitingBound, now: float) -> Surveyor:
        def may_go(group: Group, slot: SlotBook) -> bool:
            return self._may_go(group, slot, bound)

        return Surveyor(targets, self._slots, self._arrivals, self._choice(now), may_go)

    # ------------------------------------------------------------ effects

    def _choice(self, now: float) -> Choice:
        return Choice(self._rules, self._arrivals, now, len(self._slots), self._typical_s)

    def _start(self, group: Group, slot: SlotBook, now: float) -> Dispatch:
        job = group.oldest.job
        self._waiting.remove(job.id)
        self._rounds.begun(group, slot.name)
        kind, seconds = slot.start(job, now, self._rules.min_residency)
        if kind is not None:
            self._typical_s += (seconds - self._typical_s) * (0.05 if self._typical_s else 1.0)
        return Dispatch(slot=slot.name, job=job, switch=kind, switch_s=seconds)

    def _foretell(self, slot: SlotBook, now: float) -> list[Prefetch]:
        """The likely next expert of a slot, once in a residency."""
        if slot.foretold:
            return []
        planned = self._rounds.next_on(slot.name)
        experts = [g.expert for g in planned if g.expert != slot.state.expert]
        if not experts:
            resident = {s.state.expert for s in self._slots.values()}
            free = [g for g in self._waiting.groups() if g.slot is None and g.expert not in resident]
            experts = [max(free, key=lambda g: (g.ages(now), g.expert)).expert] if free else []
        if not experts:
            return []
        slot.foretold = True
        return [Prefetch(slot=slot.name, expert=experts[0])]
