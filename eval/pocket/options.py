"""The options of a multiple-choice question: four to ten, in random order, the right one among them.

The popular mistake is nearly always among them, as good distractors are. Splits of skills that are
learned by heart also share no set of options for the same fact. Knows nothing of wording.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from random import Random

from eval.pocket.item import Cell, Item
from eval.pocket.skills import COMPUTED, items

OPTION_COUNTS = (4, 4, 4, 4, 5, 5, 6, 6, 8, 10)
"""Number of options of a choice question, drawn from these."""
SLIP_SHARE = 0.9
"""How often the popular mistake is among the options."""


def options_of(item: Item, rng: Random, owner: int, owners: int) -> tuple[str, ...]:
    """Distinct options in random order.

    Args:
        item: the question's.
        rng: draws the options.
        owner: number of the split, 0 to `owners - 1`; for facts, only sets that a hash gives to
            this number are drawn.
        owners: how many splits there are.
    """
    while True:
        options = _draw(item, rng)
        if item.cell[0] in COMPUTED or _owner(item, options, owners) == owner:
            return options


def _draw(item: Item, rng: Random) -> tuple[str, ...]:
    count = rng.choice(OPTION_COUNTS)
    wrong = _near_numbers(item, rng) if item.answer.isdigit() else _same_kind(item)
    chosen = [item.slip] if rng.random() < SLIP_SHARE else []
    others = [option for option in wrong if option not in chosen]
    chosen += rng.sample(others, min(count - 1 - len(chosen), len(others)))
    options = [item.answer, *chosen]
    rng.shuffle(options)
    return tuple(options)


def _owner(item: Item, options: Sequence[str], owners: int) -> int:
    text = "|".join((*item.cell, item.key, *sorted(options)))
    return hashlib.sha256(text.encode()).digest()[0] % owners


def _near_numbers(item: Item, rng: Random) -> list[str]:
    """Numbers of about as many digits that share digits or are close, so that guessing by size fails."""
    right = int(item.answer)
    unit = 10 ** max(0, len(item.answer) - 2)
    near = {right + unit * d for d in (-20, -11, -10, -9, -2, -1, 1, 2, 9, 10, 11, 20)}
    if right >= 100:
        near |= {right // 10, right * 10, right + unit * 25, right - unit * 5}
    else:
        near |= {rng.randint(2, 99) for _ in range(6)}
    return [str(n) for n in sorted(near - {right}) if n > 1]


@cache
def _answers(cell: Cell) -> tuple[str, ...]:
    return tuple(sorted({item.answer for item in items()[cell]}))


def _same_kind(item: Item) -> list[str]:
    return [answer for answer in _answers(item.cell) if answer != item.answer]
