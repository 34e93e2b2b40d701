"""What a set of experts on one slot costs in switches, and the order in which it costs that.

The order on a slot: the resident expert, then the rest of its family by reloads, then the other
families one after another, the family of the closing expert at the end, and that expert last. Within a
family the expert with the cheapest entry (a wake or a new engine against its own reload) goes first.
The closing expert stands apart from its family in one case: that family is the resident one and others
come in between, since to give up the resident engine first would cost at least as much.

Numbers only, so that a search can ask a million times; knows no amounts of work. Its sums agree with
`switch_to`, step by step (tests). Engines that a round parks itself are not relied on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from experts.scheduling.work import ExpertWork, SlotState, switch_to

_NO_FAMILY = -1
_COLD = -2
_ELSEWHERE = "\0"
"""Stands for an engine of a family that no expert has."""


class RoundSwitching:
    """Switch prices of a round in tables. Experts and slots are numbered as they were given.

    Attributes:
        weighed: experts and slots looked at so far; a search counts its effort in it.
    """

    def __init__(self, work: Sequence[ExpertWork], slots: Sequence[SlotState], last: str | None) -> None:
        self.weighed = 0
        names = [w.expert for w in work]
        families = {f: i for i, f in enumerate(sorted({w.family for w in work}))}
        self.family = [families[w.family] for w in work]
        self._reload = [w.prices.reload_s for w in work]
        self._process = [w.prices.process_s for w in work]
        self._last = names.index(last) if last in names else -1
        self._resident = [names.index(s.expert) if s.expert in names else -1 for s in slots]
        self._home = [_COLD if s.family is None else families.get(s.family, _NO_FAMILY) for s in slots]
        away = [replace(s, expert=None, family=_ELSEWHERE) for s in slots]
        self._enter = [[switch_to(w.expert, w.family, w.prices, s)[1] for w in work] for s in away]
        """Per slot and expert, with an engine of another family live."""

    def seconds(self, slot: int, members: Collection[int]) -> float:
        """Least switch seconds to have each of `members` resident once on a slot."""
        self.weighed += len(members)
        reload, enter, family = self._reload, self._enter[slot], self.family
        home, resident, last = self._home[slot], self._resident[slot], self._last
        total = 0.0
        entries: dict[int, float] = {}
        for e in members:
            if e == last:
                continue
            f = family[e]
            if f != home:
                total += reload[e]
                extra = enter[e] - reload[e]
                if extra < entries.get(f, math.inf):
                    entries[f] = extra
            elif e != resident:
                total += reload[e]
        if last in members:
            total += self._closing(slot, len(members) == 1, entries)
        total += sum(entries.values())
        if home == _COLD and members:
            total += self._start(slot, members, entries)[0]
        return total

    def _closing(self, slot: int, alone: bool, entries: dict[int, float]) -> float:
        last, family = self._last, self.family[self._last]
        if family == self._home[slot]:
            if entries:
                return self._enter[slot][last]
            return 0.0 if alone and self._resident[slot] == last else self._reload[last]
        if family not in entries:
            entries[family] = self._enter[slot][last] - self._reload[last]
        return self._reload[last]

    def _start(self, slot: int, members: Collection[int], entries: dict[int, float]) -> tuple[float, int]:
        """What the new process adds on a cold slot, and the expert that it starts with."""
        family, last, process, reload = self.family, self._last, self._process, self._reload
        closing = family[last] if last in members and len(entries) > 1 else None
        least, first = math.inf, -1
        for e in members:
            f = family[e]
            if f == closing or (e == last and len(members) > 1):
                continue
            added = process[e] - reload[e] - entries[f]
            if added < least or (added == least and e < first):
                least, first = added, e
        return least, first

    def order(self, slot: int, members: Collection[int]) -> list[int]:
        """The order that costs `seconds`; where several do, the one that follows the numbering."""
        enter, home = self._enter[slot], self._home[slot]
        blocks: dict[int, list[int]] = {}
        for e in sorted(members):
            if e != self._last:
                blocks.setdefault(self.family[e], []).append(e)
        for f, block in blocks.items():
            opener = min(block, key=lambda e: (enter[e] - self._reload[e], e))
            if f == home:
                opener = self._resident[slot] if self._resident[slot] in block else block[0]
            block.sort(key=lambda e: (e != opener, e))
        closing = self.family[self._last] if self._last in members else None
        start = None
        if home == _COLD and members:
            start = self._first_of_cold(slot, members, blocks)
            blocks.get(self.family[start], []).sort(key=lambda e: (e != start, e))
        first = self.family[start] if start is not None else home
        families = sorted(blocks, key=lambda f: (f != first, f == closing, f))
        ordered = [e for f in families for e in blocks[f]]
        return [*ordered, self._last] if self._last in members else ordered

    def _first_of_cold(self, slot: int, members: Collection[int], blocks: dict[int, list[int]]) -> int:
        extra = [self._enter[slot][e] - self._reload[e] for e in range(len(self.family))]
        entries = {f: extra[block[0]] for f, block in blocks.items()}
        if self._last in members:
            entries.setdefault(self.family[self._last], extra[self._last])
        return self._start(slot, members, entries)[1]
