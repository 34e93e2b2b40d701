"""Changes that relieve one slot of a round plan: moves, swaps and spreads.

Experts, and families as a whole, are moved to another slot or swapped with it; an expert is spread over
the slots that have room. Knows one slot and one bound at a time, not the plan as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from experts.scheduling.round_loads import Loads, Room, Unit

_PARTNERS = 8
"""Slots to which experts are moved or with which they are swapped, those that end first. Slots that hold
their family are tried too."""

Change = dict[int, dict[int, int]]
"""Slots with their new work."""

Rated = tuple[tuple[float, float], Change]
"""Latest end among the changed slots and switch seconds added, both small in a good change; the change."""


def relieve(state: Loads, slot: int, below: float, stop: int) -> bool:
    """Lower the end of one slot and leave all it touches under `below`; looks no further past `stop`."""
    changes = [*_moves(state, slot, below), *_spreads(state, slot, below)]
    if not changes:
        changes = list(_swaps(state, slot, below, stop))
    if not changes:
        return False
    for changed, part in min(changes, key=lambda c: c[0])[1].items():
        state.replace(changed, part)
    return True


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


def units(state: Loads, slot: int) -> list[Unit]:
    """What is moved as a whole: each expert, and the experts of each family together."""
    families: dict[int, list[int]] = {}
    for e in sorted(state.parts[slot]):
        families.setdefault(state.switching.family[e], []).append(e)
    return [(e,) for e in state.parts[slot]] + [tuple(f) for f in families.values() if len(f) > 1]


def exchange(state: Loads, here: int, out: Unit, there: int, back: Unit) -> Change:
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
    for unit in units(state, slot):
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
    if best and (rated := _rate(state, exchange(state, slot, best[1], best[2], ()), below)):
        yield rated


def _swaps(state: Loads, slot: int, below: float, stop: int) -> Iterator[Rated]:
    others = sorted((s for s in range(len(state.parts)) if s != slot), key=lambda s: (state.end_s(s), s))
    for unit in units(state, slot):
        seconds = state.work_s(slot, unit)
        here = state.busy_s(slot) - seconds + state.switch_without_s(slot, unit)
        for other in others[:_PARTNERS]:
            if state.switching.weighed >= stop:
                return
            for back in units(state, other):
                returned = state.work_s(other, back)
                there = state.busy_s(other) - returned + state.switch_without_s(other, back)
                if (
                    here + returned < below
                    and there + seconds < below
                    and (rated := _rate(state, exchange(state, slot, unit, other, back), below))
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
