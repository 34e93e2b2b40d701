"""Skills that are computed: sums, differences, steps in the calendar and the alphabet, orderings.

Each function yields every item of one skill. What an expert learns here must carry over to operands
that it never saw, so the splits are disjoint in operands. Knows no splits and no wordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from eval.pocket import tables
from eval.pocket.item import Cell, Item

SMALL, LARGE = "small numbers", "large numbers"


def addition() -> Iterator[Item]:
    """Two-digit sums; the slip forgets the carry, or carries where nothing is to be carried."""
    for part, low, high in ((SMALL, 10, 39), (LARGE, 50, 99)):
        for a in range(low, high + 1):
            for b in range(low, high + 1):
                units = a % 10 + b % 10
                yield Item(
                    cell=("addition", part),
                    key=f"{min(a, b)}+{max(a, b)}",
                    kind="addition",
                    fields=(("a", str(a)), ("b", str(b))),
                    answer=str(a + b),
                    slip=str(a + b - 10 if units > 9 else a + b + 10),
                    thought=f"Units {units % 10} {'carry' if units > 9 else 'fine'}",
                )


def subtraction() -> Iterator[Item]:
    """Differences of two-digit numbers; the slip is ten too much, as of a borrow forgotten."""
    for part, high, low in ((SMALL, range(11, 40), 10), (LARGE, range(50, 100), 10)):
        for a in high:
            for b in range(low, a if part == SMALL else 50):
                units = a % 10 - b % 10
                yield Item(
                    cell=("subtraction", part),
                    key=f"{a}-{b}",
                    kind="subtraction",
                    fields=(("a", str(a)), ("b", str(b))),
                    answer=str(a - b),
                    slip=str(a - b + 10),
                    thought=f"Units {units % 10} {'borrow' if units < 0 else 'fine'}",
                )


def _steps(cell: Cell, unit: str, kind: str, names: Sequence[str], x: int, n: int, step: int) -> Item:
    order = "after" if step > 0 else "before"
    walk = [names[(x + step * i) % len(names)] for i in range(1, n + 1)]
    return Item(
        cell=cell,
        key=f"{names[x]} {n} {order}",
        kind=kind,
        fields=(("unit", unit), ("n", str(n)), ("order", order), ("x", names[x])),
        answer=walk[-1],
        slip=walk[-2],
        thought=" ".join(f"{i} {name}" for i, name in enumerate(walk, 1)),
    )


def calendar() -> Iterator[Item]:
    """Two to six months or days on or back; the slip counts the first one in."""
    for part, unit, names in (("months", "month", tables.MONTHS), ("weekdays", "day", tables.WEEKDAYS)):
        for x in range(len(names)):
            for n in range(2, 7):
                for step in (1, -1):
                    yield _steps(("calendar", part), unit, "calendar", names, x, n, step)


def alphabet() -> Iterator[Item]:
    """Two to six letters on or back, never past an end; the slip counts the first one in."""
    for part, step in (("forwards", 1), ("backwards", -1)):
        for x in range(26):
            for n in range(2, 7):
                if 0 <= x + step * n < 26:
                    yield _steps(("alphabet", part), "letter", "alphabet", tables.LETTERS, x, n, step)


def ordering() -> Iterator[Item]:
    """Who of three is the tallest, shortest, oldest, youngest; the slip names the other end."""
    for part, word, ends in (
        ("heights", "taller", ("tallest", "shortest")),
        ("ages", "older", ("oldest", "youngest")),
    ):
        for names in permutations(tables.NAMES, 3):
            first, second = (names[0], names[1]), (names[1], names[2])
            for facts in ((first, second), (second, first)):
                for most, end in zip(ends, (0, 2), strict=True):
                    (p, q), (r, s) = facts
                    yield Item(
                        cell=("ordering", part),
                        key=" ".join(names),
                        kind="ordering",
                        fields=(("p", p), ("q", q), ("r", r), ("s", s), ("more", word), ("most", most)),
                        answer=names[end],
                        slip=names[2 - end],
                        thought=" ".join(names),
                    )
