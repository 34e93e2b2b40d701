"""Search for a round plan of small makespan: greedy starts, then local search.

Scheduling with set-up times and divisible jobs is NP-hard, so this is a heuristic with a bounded number
of steps. Starts: all on the best single slot; the longest expert first, each to where it ends earliest;
the same with whole families. From each, the slots that end last are relieved, by moving or swapping
experts and families and by spreading an expert over slots, and then switches that the makespan does not
need are given up. Small rounds go on from disturbed plans. Deterministic; knows no clock.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from experts.scheduling.round_loads import Loads, Room, Unit

WORTH = 0.01
"""A makespan that is shorter by less than this share is worth no further switch: estimates are coarser."""
_EPS = 1e-6
_PARTNERS = 8
"""Slots to which experts are moved or with which they are swapped, those that end first. Slots that hold
their family are tried too."""
_DISTURBED_EFFORT = 20_000
"""Bound on disturbed plans x experts^2 x slots, to which the effort of improving them is about proportional."""
_MOST_DISTURBED = 40

Change = dict[int, dict[int, int]]
"""Slots with their new work."""


def search(empty: Loads) -> Loads:
    """The best plan found for all the work of a round, from a state without any."""
    single, *spread = _starts(empty)
    best = min((single, *map(_improved, spread)), key=Loads.cost)
    effort = len(best.requests) ** 2 * len(best.parts)
    rng = random.Random(0)
    for _ in range(min(_MOST_DISTURBED, _DISTURBED_EFFORT // effort) if len(best.parts) > 1 else 0):
        best = min(best, _improved(_disturbed(best, rng)), key=Loads.cost)
    final = best.copy()
    _save_switches(final, best.makespan_s() * (1 + WORTH))
    # What was allowed for the sake of switches must never lose against one slot alone.
    return min(single, final, key=Loads.cost) if final.makespan_s() > single.makespan_s() else final


def _starts(empty: Loads) -> Iterator[Loads]:
    everything = dict(enumerate(empty.requests))
    alone = []
    for slot in range(len(empty.parts)):
        state = empty.copy()
        state.replace(slot, everything)
        alone.append(state)
    yield min(alone, key=Loads.cost)
    families: dict[int, list[int]] = {}
    for expert, family in enumerate(empty.switching.family):
        families.setdefault(family, []).append(expert)
    yield _longest_first(empty.copy(), [[e] for e in everything])
    yield _longest_first(empty.copy(), list(families.values()))


def _longest_first(state: Loads, groups: list[list[int]]) -> Loads:
    def seconds(group: list[int]) -> float:
        return sum(state.requests[e] * state.unit_s[e] for e in group)

    for group in sorted(groups, key=lambda g: (-seconds(g), g)):
        added, new = seconds(group), {e: state.requests[e] for e in group}
        ends = [
            (state.busy_s(s) + added + state.switching.seconds(s, part | new), -state.switch_s[s], s)
            for s, part in enumerate(state.parts)
        ]
        slot = min(ends)[2]
        state.replace(slot, state.parts[slot] | new)
    return state


def _improved(state: Loads) -> Loads:
    cost = state.cost()
    while True:
        _relieve(state)
        _save_switches(state, state.makespan_s())
        if state.cost()[0] >= cost[0] * (1 - _EPS):
            return state
        cost = state.cost()


def _relieve(state: Loads) -> None:
    """Lower the ends of the slots that end last, until nothing lowers them further."""
    for _ in range(4 * (len(state.requests) + len(state.parts))):
        makespan = state.makespan_s()
        latest = [s for s in range(len(state.parts)) if state.end_s(s) >= makespan * (1 - _EPS)]
        if not any(_relieve_slot(state, slot, makespan * (1 - 2 * _EPS)) for slot in latest):
            return


def _relieve_slot(state: Loads, slot: int, below: float) -> bool:
    """Lower the end of one slot and leave all it touches under `below`."""
    changes = [*_moves(state, slot, below), *_spreads(state, slot, below)]
    if not changes:
        changes = list(_swaps(state, slot, below))
    if not changes:
        return False
    for changed, part in min(changes, key=lambda c: c[0])[1].items():
        state.replace(changed, part)
    return True


Rated = tuple[tuple[float, float], Change]
"""Latest end among the changed slots and switch seconds added, both small in a good change; the change."""


def _rate(state: Loads, change: Change, below: float) -> Rated | None:
    latest = added = 0.0
    for slot, part in change.items():
        if not part:
            added -= state.switch_s[slot]
            continue
        work = sum(n * state.unit_s[e] for e, n in part.items())
        switch = state.switching.seconds(slot, part)
        latest = max(latest, state.free_s[slot] + work + switch)
        added += switch - state.switch_s[slot]
        if latest >= below:
            return None
    return (latest, added), change


def _units(state: Loads, slot: int) -> list[Unit]:
    """What is moved as a whole: each expert, and the experts of each family together."""
    families: dict[int, list[int]] = {}
    for e in sorted(state.parts[slot]):
        families.setdefault(state.switching.family[e], []).append(e)
    return [(e,) for e in state.parts[slot]] + [tuple(f) for f in families.values() if len(f) > 1]


def _exchange(state: Loads, here: int, out: Unit, there: int, back: Unit) -> Change:
    """`out` goes from one slot to another, `back` the other way."""

    def changed(slot: int, leaving: Unit, source: int, coming: Unit) -> dict[int, int]:
        part = {e: n for e, n in state.parts[slot].items() if e not in leaving}
        return part | {e: state.parts[source][e] + part.get(e, 0) for e in coming}

    return {here: changed(here, out, there, back), there: changed(there, back, here, out)}


def _moves(state: Loads, slot: int, below: float) -> Iterator[Rated]:
    """The best move of one unit, if any helps."""
    ends = {s: state.end_s(s) for s in range(len(state.parts)) if s != slot}
    soonest = set(sorted(ends, key=lambda s: (ends[s], s))[:_PARTNERS])
    best = None
    for unit in _units(state, slot):
        seconds = state.work_s(slot, unit)
        left = state.switch_without_s(slot, unit)
        here = state.busy_s(slot) - seconds + left
        family = state.switching.family[unit[0]]
        for other, end in ends.items():
            if end + seconds >= below or (other not in soonest and not state.has_family(other, family)):
                continue
            joined = state.switch_with_s(other, unit)
            rating = max(here, state.busy_s(other) + seconds + joined), left + joined - state.switch_s[other]
            if rating[0] < below and (best is None or rating < best[0]):
                best = rating, unit, other
    if best and (rated := _rate(state, _exchange(state, slot, best[1], best[2], ()), below)):
        yield rated


def _swaps(state: Loads, slot: int, below: float) -> Iterator[Rated]:
    others = sorted((s for s in range(len(state.parts)) if s != slot), key=lambda s: (state.end_s(s), s))
    for unit in _units(state, slot):
        seconds = state.work_s(slot, unit)
        here = state.busy_s(slot) - seconds + state.switch_without_s(slot, unit)
        for other in others[:_PARTNERS]:
            for back in _units(state, other):
                returned = state.work_s(other, back)
                there = state.busy_s(other) - returned + state.switch_without_s(other, back)
                if (
                    here + returned < below
                    and there + seconds < below
                    and (rated := _rate(state, _exchange(state, slot, unit, other, back), below))
                ):
                    yield rated


def _spreads(state: Loads, slot: int, below: float) -> Iterator[Rated]:
    for expert in state.parts[slot]:
        room = Room(state, expert, below)
        # Slots that end no sooner are relieved in their turn.
        others = max((end for end in room.others_s if end < below), default=0.0)
        spread = room.within(max(room.earliest_s(), others))
        if room.end_s(spread) < below:
            before = state.spread_of(expert)
            change = {
                s: {e: n for e, n in state.parts[s].items() if e != expert}
                | ({expert: spread[s]} if s in spread else {})
                for s in sorted({*before, *spread})
                if before.get(s) != spread.get(s)
            }
            if rated := _rate(state, change, below):
                yield rated


def _save_switches(state: Loads, limit: float) -> None:
    """Give up switches as long as every slot ends by `limit`."""
    saved = True
    while saved:
        saved = False
        for expert in range(len(state.requests)):
            room, before = Room(state, expert, limit), state.spread_of(expert)
            spread = room.within(limit)
            now, then = (sum(room.price_s[s] for s in where) for where in (before, spread))
            less = then < now - _EPS * limit or (then <= now and len(spread) < len(before))
            if less and room.end_s(spread) <= limit:
                state.place(expert, spread)
                saved = True


def _disturbed(state: Loads, rng: random.Random) -> Loads:
    """A copy with some units on other slots."""
    other = state.copy()
    for _ in range(rng.randint(1, 3)):
        slot = rng.choice([s for s, part in enumerate(other.parts) if part])
        unit = rng.choice(_units(other, slot))
        target = rng.choice([s for s in range(len(other.parts)) if s != slot])
        swap = other.parts[target] and rng.random() < 0.5
        back = rng.choice(_units(other, target)) if swap else ()
        for changed, part in _exchange(other, slot, unit, target, back).items():
            other.replace(changed, part)
    return other
