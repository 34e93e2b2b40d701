"""Skills that are learned by heart: tables of facts, one function a skill.

The popular mistake (`slip`) is the answer that belongs to the neighbour in the table. Splits of these
skills are disjoint in wording and in options. Knows no splits and no wordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eval.pocket import tables
from eval.pocket.computed import LARGE, SMALL
from eval.pocket.item import Cell, Item


def _by_heart(cell: Cell, kind: str, facts: Mapping[str, str]) -> Iterator[Item]:
    answers = list(facts.values())
    for at, (x, answer) in enumerate(facts.items()):
        later = answers[at + 1 :] + answers[:at]
        slip = next(other for other in later if other != answer)
        yield Item(cell=cell, key=x, kind=kind, fields=(("x", x),), answer=answer, slip=slip)


def multiplication() -> Iterator[Item]:
    """The table up to 12; the slip is the next row."""
    for a in range(2, 13):
        for b in range(2, 13):
            yield Item(
                cell=("multiplication", SMALL if min(a, b) <= 5 else LARGE),
                key=f"{a}x{b}",
                kind="multiplication",
                fields=(("a", str(a)), ("b", str(b))),
                answer=str(a * b),
                slip=str(a * b + a),
            )


def roman() -> Iterator[Item]:
    """Roman numerals of 2 to 39, read and written."""
    numerals = {str(n): tables.roman(n) for n in range(2, 40)}
    yield from _by_heart(("roman numerals", "reading"), "reading", {r: n for n, r in numerals.items()})
    yield from _by_heart(("roman numerals", "writing"), "writing", numerals)


def capitals() -> Iterator[Item]:
    """Capitals by region."""
    for region in tables.REGIONS:
        yield from _by_heart(("capitals", region), "capitals", tables.capitals(region))


def currencies() -> Iterator[Item]:
    """Currencies by region."""
    for region in tables.REGIONS:
        yield from _by_heart(("currencies", region), "currencies", tables.currencies(region))


def elements() -> Iterator[Item]:
    """Symbols of chemical elements, and elements of symbols."""
    symbols = tables.elements()
    yield from _by_heart(("elements", "symbols"), "symbols", symbols)
    yield from _by_heart(("elements", "names"), "names", {symbol: x for x, symbol in symbols.items()})


def opposites() -> Iterator[Item]:
    """Opposites of adjectives and of verbs, asked from both sides."""
    for part in tables.OPPOSITES:
        yield from _by_heart(("opposites", part), "opposites", tables.opposites(part))


def units() -> Iterator[Item]:
    """Two to nine of a unit in a smaller one; the slip takes ten for the factor, or a zero too many."""
    for system, rows in tables.UNITS.items():
        for big, small, factor in rows:
            for n in range(2, 10):
                yield Item(
                    cell=("units", system),
                    key=f"{n} {big} {small}",
                    kind="units",
                    fields=(("n", str(n)), ("big", big), ("small", small)),
                    answer=str(n * factor),
                    slip=str(n * factor * 10 if factor == 10 else n * 10),
                )
