"""Which requests of which expert stand on which slot, when each slot ends, and how to spread one expert.

The state of the round planner's search. Knows no order on a slot and no aim; experts and slots are
numbers, amounts are whole requests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle, islice

from experts.scheduling.round_switching import RoundSwitching

Spread = dict[int, int]
"""Requests of one expert by slot."""

Unit = tuple[int, ...]
"""Experts that are moved together, in order."""


class Loads:
    """Parts of a round's work on its slots; ends in seconds from now."""

    def __init__(
        self,
        switching: RoundSwitching,
        requests: Sequence[int],
        unit_s: Sequence[float],
        free_s: Sequence[float],
    ) -> None:
        self.switching, self.requests, self.unit_s = switching, requests, unit_s
        self.parts: list[dict[int, int]] = [{} for _ in free_s]
        """Per slot, requests by expert."""
        self.switch_s = [0.0] * len(free_s)
        self.free_s = free_s
        self._work_s = [0.0] * len(free_s)
        self._with: list[dict[Unit, float]] = [{} for _ in free_s]
        self._without: list[dict[Unit, float]] = [{} for _ in free_s]

    def copy(self) -> Loads:
        """A state that is changed apart from this one."""
        other = Loads(self.switching, self.requests, self.unit_s, self.free_s)
        other.parts = [dict(p) for p in self.parts]
        other.switch_s, other._work_s = list(self.switch_s), list(self._work_s)
        return other

    def busy_s(self, slot: int) -> float:
        """When a slot would end if switches were free; where it has no work, when it is free."""
        return self.free_s[slot] + self._work_s[slot]

    def end_s(self, slot: int) -> float:
        """When a slot with work ends; 0.0 without work."""
        return self.busy_s(slot) + self.switch_s[slot] if self.parts[slot] else 0.0

    def work_s(self, slot: int, unit: Unit) -> float:
        """Seconds of the work that some experts have on a slot."""
        return sum(self.parts[slot][e] * self.unit_s[e] for e in unit)

    def switch_with_s(self, slot: int, unit: Unit) -> float:
        """Switch seconds of a slot if some experts came to it, or more of their requests."""
        known = self._with[slot]
        if unit not in known:
            known[unit] = self.switching.seconds(slot, self.parts[slot].keys() | unit)
        return known[unit]

    def switch_without_s(self, slot: int, unit: Unit) -> float:
        """Switch seconds of a slot if some experts left it."""
        known = self._without[slot]
        if unit not in known:
            known[unit] = self.switching.seconds(slot, self.parts[slot].keys() - unit)
        return known[unit]

    def has_family(self, slot: int, family: int) -> bool:
        """Whether an expert of a family stands on a slot."""
        return any(self.switching.family[e] == family for e in self.parts[slot])

    def makespan_s(self) -> float:
        """End of the slot that ends last."""
        return max(map(self.end_s, range(len(self.parts))))

    def cost(self) -> tuple[float, float, int]:
        """Makespan, switch seconds and parts: what is minimised, in this order."""
        return self.makespan_s(), sum(self.switch_s), sum(map(len, self.parts))

    def replace(self, slot: int, part: dict[int, int]) -> None:
        """Give a slot other work."""
        self.parts[slot] = part
        self._work_s[slot] = sum(n * self.unit_s[e] for e, n in part.items())
        self.switch_s[slot] = self.switching.seconds(slot, part)
        self._with[slot].clear()
        self._without[slot].clear()

    def place(self, expert: int, spread: Mapping[int, int]) -> None:
        """Give all of an expert's work the places of `spread`, and no other."""
        for slot, part in enumerate(self.parts):
            if part.get(expert, 0) != spread.get(slot, 0):
                others = {e: n for e, n in part.items() if e != expert}
                self.replace(slot, others | ({expert: spread[slot]} if slot in spread else {}))

    def spread_of(self, expert: int) -> Spread:
        """Where an expert's requests are."""
        return {s: part[expert] for s, part in enumerate(self.parts) if expert in part}


class Room:
    """The slots as they are without one expert: what to be there costs it, and how much fits until when.

    A slot that ends at `limit_s` or later without the expert is closed to it: its price is infinite.

    Attributes:
        price_s: per slot, switch seconds that the expert adds there.
        begin_s: per slot, when the slot would end with the expert resident and none of its requests.
        others_s: ends of the slots that have work without the expert.
    """

    def __init__(self, loads: Loads, expert: int, limit_s: float) -> None:
        loads.switching.weighed += len(loads.parts)
        self._unit_s, self._requests = loads.unit_s[expert], loads.requests[expert]
        self.price_s: list[float] = []
        self.begin_s: list[float] = []
        self.others_s: list[float] = []
        for slot, part in enumerate(loads.parts):
            busy, before, after = loads.busy_s(slot), loads.switch_s[slot], loads.switch_s[slot]
            if expert in part:
                before = loads.switch_without_s(slot, (expert,))
                busy -= part[expert] * self._unit_s
            elif loads.end_s(slot) < limit_s:
                after = loads.switch_with_s(slot, (expert,))
            else:
                after = math.inf
            self.price_s.append(after - before)
            self.begin_s.append(busy + after)
            if len(part) > (expert in part):
                self.others_s.append(busy + before)

    def earliest_s(self) -> float:
        """The earliest end of the expert's work over any set of slots, were requests divisible."""
        total, level = self._unit_s * self._requests, math.inf
        for n, begin in enumerate(sorted(self.begin_s), start=1):
            if begin >= level:
                break
            total += begin
            level = total / n
        return level

    def within(self, limit_s: float) -> Spread:
        """A spread with few switch seconds that ends by `limit_s`, or soon after for want of divisibility."""
        fits = {s: self._fits(s, limit_s) for s in range(len(self.begin_s))}
        if sum(fits.values()) < self._requests:
            return self.level(fits)  # large requests: one of them fits nowhere until then
        best = sorted(
            (s for s, n in fits.items() if n),
            key=lambda s: (self.price_s[s] / fits[s], -fits[s], self.begin_s[s], s),
        )
        taken: list[int] = []
        for slot in best:
            if sum(fits[s] for s in taken) >= self._requests:
                break
            taken.append(slot)
        for slot in sorted(taken, key=lambda s: (-self.price_s[s], fits[s], s)):
            if sum(fits[s] for s in taken if s != slot) >= self._requests:
                taken.remove(slot)
        return self.level(taken)

    def level(self, slots: Iterable[int]) -> Spread:
        """The spread over some slots that ends earliest; a slot that would not help gets nothing."""
        chosen = sorted(slots, key=lambda s: (self.begin_s[s], s))
        if not self._unit_s:
            return {chosen[0]: self._requests}
        total, level, n = self._unit_s * self._requests, math.inf, 0
        while n < len(chosen) and self.begin_s[chosen[n]] < level:
            total += self.begin_s[chosen[n]]
            n += 1
            level = total / n
        counts = {s: int((level - self.begin_s[s]) / self._unit_s) for s in chosen[:n]}
        rest = self._requests - sum(counts.values())
        step = 1 if rest > 0 else -1
        ends = sorted(
            (s for s in counts if rest > 0 or counts[s]),
            key=lambda s: (step * (self.begin_s[s] + counts[s] * self._unit_s), s),
        )
        for slot in islice(cycle(ends), abs(rest)):
            counts[slot] += step
        return {s: k for s, k in counts.items() if k}

    def end_s(self, spread: Spread) -> float:
        """End of the slot among those of a spread that ends last."""
        return max(self.begin_s[s] + n * self._unit_s for s, n in spread.items())

    def _fits(self, slot: int, limit_s: float) -> int:
        room = limit_s - self.begin_s[slot]
        if room < 0:
            return 0
        return min(self._requests, int(room / self._unit_s + 1e-9)) if self._unit_s else self._requests
