"""Which item falls into which split in which wording, and with which options.

Computed skills: the operands of the four splits are disjoint. Facts: all splits ask about all facts,
each in wordings that the other splits do not use for that fact. Knows nothing of who is taught what.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TypeAlias

from eval.pocket.phrasings import PHRASINGS
from eval.pocket.skills import COMPUTED, Cell, Item, items

VERSION = "1.0"
"""Changes whenever a question of any split changes."""
SPLITS = ("expert-train", "fit", "validation", "test")
_ITEM_SHARES = (0.64, 0.14, 0.09, 0.13)
_PHRASING_COUNTS = (4, 2, 1, 1)
OPTION_COUNTS = (4, 4, 4, 5, 5, 6, 6, 8, 10)
"""Number of options of a choice question, drawn from these."""

Wording: TypeAlias = tuple[Item, str]
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
        order = list(PHRASINGS[item.kind])
        Random(f"wording {cell} {item.key}").shuffle(order)
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
    return phrasing.format(**dict(item.fields))


def options_of(item: Item, rng: Random) -> tuple[str, ...]:
    """Four to ten distinct options in random order, the right one among them."""
    count = rng.choice(OPTION_COUNTS)
    wrong = _near_numbers(item, rng) if item.answer.isdigit() else _same_kind(item)
    options = [item.answer, *rng.sample(wrong, min(count - 1, len(wrong)))]
    rng.shuffle(options)
    return tuple(options)


def _near_numbers(item: Item, rng: Random) -> list[str]:
    """Numbers with as many digits that share a digit or are close, so that guessing by size does not help."""
    right = int(item.answer)
    low, high = 10 ** (len(item.answer) - 1), 10 ** len(item.answer) - 1
    low, high = (2, 40) if right < 10 else (low, min(high, 220))
    near = {right + d for d in (-20, -11, -10, -9, -2, -1, 1, 2, 9, 10, 11, 20)}
    near |= {rng.randint(low, high) for _ in range(8)}
    return [str(n) for n in sorted(near - {right}) if low <= n <= high]


@cache
def _answers(cell: Cell) -> tuple[str, ...]:
    return tuple(sorted({item.answer for item in items()[cell]}))


def _same_kind(item: Item) -> list[str]:
    return [answer for answer in _answers(item.cell) if answer != item.answer]
