"""The skills of the miniature benchmark: every item that can be asked, with its answer.

A skill has parts that can be read off the question (a region, a range of numbers, a direction).
Knows nothing of splits, of options and of who is taught what. To add a skill: a function that
yields items, an entry in `_SOURCES`, its subject and its phrasings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from eval.pocket import tables

Cell: TypeAlias = tuple[str, str]
"""Skill and part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to ask, before it is put into words."""

    cell: Cell
    key: str
    """Unique in the cell; items with one `key` never fall into two splits of a computed skill."""
    kind: str
    """Name of its phrasings."""
    fields: tuple[tuple[str, str], ...]
    """What is put into the phrasing."""
    answer: str
    thought: str = ""
    """Intermediate work, said before the answer."""


SUBJECTS = {
    "addition": "arithmetic",
    "subtraction": "arithmetic",
    "multiplication": "arithmetic",
    "capitals": "geography",
    "currencies": "economics",
    "elements": "chemistry",
    "calendar": "calendar",
}
COMPUTED = frozenset({"addition", "subtraction", "calendar"})
"""Skills whose splits are disjoint in operands; the others are learned by heart and disjoint in wording."""
SMALL, LARGE = "small numbers", "large numbers"


def _addition() -> Iterator[Item]:
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
                    thought=f"Units {units % 10} {'carry' if units > 9 else 'fine'}",
                )


def _subtraction() -> Iterator[Item]:
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
                    thought=f"Units {units % 10} {'borrow' if units < 0 else 'fine'}",
                )


def _multiplication() -> Iterator[Item]:
    for a in range(2, 13):
        for b in range(2, 13):
            part = SMALL if min(a, b) <= 5 else LARGE
            yield Item(
                cell=("multiplication", part),
                key=f"{a}x{b}",
                kind="multiplication",
                fields=(("a", str(a)), ("b", str(b))),
                answer=str(a * b),
            )


def _facts(skill: str, part: str, kind: str, facts: dict[str, str]) -> Iterator[Item]:
    for x, answer in facts.items():
        yield Item(cell=(skill, part), key=x, kind=kind, fields=(("x", x),), answer=answer)


def _capitals() -> Iterator[Item]:
    for region in tables.REGIONS:
        yield from _facts("capitals", region, "capitals", tables.capitals(region))


def _currencies() -> Iterator[Item]:
    for region in tables.REGIONS:
        yield from _facts("currencies", region, "currencies", tables.currencies(region))


def _elements() -> Iterator[Item]:
    symbols = tables.elements()
    yield from _facts("elements", "symbols", "symbols", symbols)
    yield from _facts("elements", "names", "names", {symbol: name for name, symbol in symbols.items()})


def _calendar() -> Iterator[Item]:
    for part, unit, names in (("months", "month", tables.MONTHS), ("weekdays", "day", tables.WEEKDAYS)):
        for start, x in enumerate(names):
            for n in range(2, 7):
                for order, step in (("after", 1), ("before", -1)):
                    walk = [names[(start + step * i) % len(names)] for i in range(1, n + 1)]
                    yield Item(
                        cell=("calendar", part),
                        key=f"{x} {n} {order}",
                        kind="calendar",
                        fields=(("unit", unit), ("n", str(n)), ("order", order), ("x", x)),
                        answer=walk[-1],
                        thought=" ".join(f"{i} {name}" for i, name in enumerate(walk, 1)),
                    )


_SOURCES: tuple[Callable[[], Iterator[Item]], ...] = (
    _addition,
    _subtraction,
    _multiplication,
    _capitals,
    _currencies,
    _elements,
    _calendar,
)


@cache
def items() -> dict[Cell, tuple[Item, ...]]:
    """All items by cell, in a fixed order."""
    found: dict[Cell, list[Item]] = {}
    for source in _SOURCES:
        for item in source():
            found.setdefault(item.cell, []).append(item)
    return {cell: tuple(rows) for cell, rows in found.items()}


def keywords(cell: Cell) -> str:
    """The line that names a cell, as the annotator writes it."""
    return f"Keywords: {cell[0]}, {cell[1]}"
