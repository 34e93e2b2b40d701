"""Which item falls into which split in which wording.

Computed skills: the operands of the four splits are disjoint. Facts: all splits ask about all facts,
each in wordings that the other splits do not use for that fact. Knows nothing of options and of who
is taught what.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TypeAlias

from eval.pocket.item import STYLES, Cell, Item
from eval.pocket.phrasings import PHRASINGS, Phrasing
from eval.pocket.skills import COMPUTED, items

VERSION = "2.0"
"""Changes whenever a question of any split changes."""
SPLITS = ("expert-train", "fit", "validation", "test")
_ITEM_SHARES = (0.64, 0.14, 0.09, 0.13)
_PHRASING_COUNTS = (2, 1, 1, 1)
"""Phrasings of each style that a split has for a fact."""

Wording: TypeAlias = tuple[Item, Phrasing]
"""An item and the phrasing to ask it with."""


@cache
def wordings(split: str) -> dict[Cell, tuple[Wording, ...]]:
    """All that the split can ask, by cell."""
    return {cell: tuple(_worded(cell, rows, SPLITS.index(split))) for cell, rows in items().items()}


def _worded(cell: Cell, rows: tuple[Item, ...], split: int) -> list[Wording]:
    if cell[0] in COMPUTED:
        keys = _keys_of(cell, rows, split)
        return [(item, phrasing) for item in rows if item.key in keys for phrasing in PHRASINGS[item.kind]]
    start = sum(_PHRASING_COUNTS[:split])
    found = []
    for item in rows:
        for style in STYLES:
            order = [phrasing for phrasing in PHRASINGS[item.kind] if phrasing.style == style]
            Random(f"wording {cell} {item.key} {style}").shuffle(order)
            found += [(item, phrasing) for phrasing in order[start : start + _PHRASING_COUNTS[split]]]
    return found


def _keys_of(cell: Cell, rows: tuple[Item, ...], split: int) -> frozenset[str]:
    keys = sorted({item.key for item in rows})
    Random(f"operands {cell}").shuffle(keys)
    low, high = (round(len(keys) * sum(_ITEM_SHARES[:upto])) for upto in (split, split + 1))
    return frozenset(keys[low:high])


def text_of(wording: Wording) -> str:
    """The question in words."""
    item, phrasing = wording
    return phrasing.template.format(**dict(item.fields))
