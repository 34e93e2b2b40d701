"""Search for a round plan of small makespan: greedy starts, then local search.

Scheduling with set-up times and divisible jobs is NP-hard, so this is a heuristic with a bounded number
of steps. Starts: the longest expert first, each to where it ends earliest; the same with whole families,
those cut that hold more than an even share of the work. From each, the slots that end last are relieved
(see `round_changes`), and then switches that the makespan does not need are given up. Small rounds go on
from disturbed plans. A plan that loses against one slot alone is dropped. Deterministic; knows no clock:
its effort is bounded by experts x slots that are looked at.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from experts.scheduling.round_changes import exchange, relieve, units
from experts.scheduling.round_loads import Loads, Room

WORTH = 0.01
"""A makespan that is shorter by less than this share is worth no further switch: estimates are coarser."""
_EPS = 1e-6
_DISTURBED_EFFORT = 20_000
"""Bound on disturbed plans x experts^2 x slots; the effort of each goes about with the latter two."""
_MOST_DISTURBED = 40
_EFFORT = 50
"""Bound on what is weighed (`RoundSwitching.weighed`) to improve one start, per expert and slot. Rounds of
64 experts on 32 slots need less than the least; a million is about two seconds."""
_LEAST_EFFORT = 100_000
"""The same for rounds of few slots, whatever their size."""


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
    yield _longest_first(empty.copy(), [part for f in families.values() for part in _cut(empty, f)])


def _cut(empty: Loads, family: list[int]) -> Iterator[list[int]]:
    """A family in parts of at most an even share of all work; a longer expert is a part of its own."""
    seconds = [n * unit_s for n, unit_s in zip(empty.requests, empty.unit_s, strict=True)]
    share = sum(seconds) / len(empty.parts)
    part: list[int] = []
    for expert in family:
        if part and sum(seconds[e] for e in part) + seconds[expert] > share:
            yield part
            part = []
        part.append(expert)
    yield part


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
    effort = max(_LEAST_EFFORT, _EFFORT * len(state.requests) * len(state.parts))
    stop = state.switching.weighed + effort
    cost = state.cost()
    while True:
        _relieve(state, stop)
        _save_switches(state, state.makespan_s())
        if state.cost()[0] >= cost[0] * (1 - _EPS) or state.switching.weighed >= stop:
            return state
        cost = state.cost()


def _relieve(state: Loads, stop: int) -> None:
    """Lower the ends of the slots that end last, until nothing lowers them further."""
    while state.switching.weighed < stop:
        makespan = state.makespan_s()
        latest = [s for s in range(len(state.parts)) if state.end_s(s) >= makespan * (1 - _EPS)]
        below = makespan * (1 - 2 * _EPS)
        if not any(relieve(state, slot, below, stop) for slot in latest):
            return


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
        unit = rng.choice(units(other, slot))
        target = rng.choice([s for s in range(len(other.parts)) if s != slot])
        swap = other.parts[target] and rng.random() < 0.5
        back = rng.choice(units(other, target)) if swap else ()
        for changed, part in exchange(other, slot, unit, target, back).items():
            other.replace(changed, part)
    return other
