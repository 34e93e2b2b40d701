"""All skills of the miniature benchmark, with their subjects and their items.

To add a skill: a function that yields its items, in `computed` or `facts`, a row here, its phrasings.
Knows nothing of splits, of options and of who is taught what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from eval.pocket import computed, facts
from eval.pocket.item import STYLES, Cell, Item, Part

_SKILLS: dict[str, tuple[str, Callable[[], Iterator[Item]]]] = {
    "addition": ("arithmetic", computed.addition),
    "subtraction": ("arithmetic", computed.subtraction),
    "multiplication": ("arithmetic", facts.multiplication),
    "roman numerals": ("number systems", facts.roman),
    "capitals": ("geography", facts.capitals),
    "currencies": ("economics", facts.currencies),
    "elements": ("chemistry", facts.elements),
    "calendar": ("calendar", computed.calendar),
    "units": ("units", facts.units),
    "opposites": ("language", facts.opposites),
    "ordering": ("logic", computed.ordering),
    "alphabet": ("text", computed.alphabet),
}
SUBJECTS = {skill: subject for skill, (subject, _) in _SKILLS.items()}
COMPUTED = frozenset(
    skill for skill, (_, source) in _SKILLS.items() if source.__module__ == computed.__name__
)
"""Skills whose splits are disjoint in operands; the others are disjoint in wording and options."""


@cache
def items() -> dict[Cell, tuple[Item, ...]]:
    """All items by cell, in a fixed order."""
    found: dict[Cell, list[Item]] = {}
    for _, source in _SKILLS.values():
        for item in source():
            found.setdefault(item.cell, []).append(item)
    return {cell: tuple(rows) for cell, rows in found.items()}


@cache
def parts() -> tuple[Part, ...]:
    """Every cell in every style, in a fixed order."""
    return tuple((skill, where, style) for skill, where in items() for style in STYLES)


def keywords(cell: Cell) -> str:
    """The line that names a cell, as the annotator writes it."""
    return f"Keywords: {cell[0]}, {cell[1]}"
