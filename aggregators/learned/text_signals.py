"""Cheap signs in an expert's text of how far its answer can be trusted; no model reads it.

Which sign means what differs between experts and is left to the fusion that learns from them: stating the
answer in so many words, hedging, repeating oneself, breaking off, naming several options at the end, and
reckoning rather than telling. Our own choice.
"""

from __future__ import annotations

import re

import numpy as np

from aggregators.learned.patterns import Floats, Signals
from experts.completion import Completion
from experts.extraction import without_thinking
from experts.query import LETTERS, Query

NAMES = ("stated", "hedges", "repeats", "ends", "named", "quoted", "digits", "steps")
"""Signals in their order."""
_TAIL = 400
"""Characters at the end that are looked at for what was concluded."""
_STATED = re.compile(r"(?i)\banswer(?: is|:)")
_HEDGE = re.compile(
    r"(?i)\b(?:however|but|maybe|perhaps|might|unsure|not sure|unclear|guess|assum\w+|approximat\w+|closest|"
    r"none of|cannot|wait|seems?|likely|probably)\b"
)
_LETTER = re.compile(r"\(([A-Z])\)|\b([B-HJ-Z])\b")
_ENDS = (".", "!", ")", "}", "]", "*", "$")


def text_signals(completion: Completion, query: Query, key: str | None) -> Floats:
    """(8,) signals in the order of `NAMES`.

    Args:
        completion: of an expert.
        query: what it answers.
        key: the answer that was read from it; None: none.
    """
    return np.array(_signals(completion.text, _option(query, key)))


def _signals(text: str, option: str) -> tuple[float, ...]:
    body = without_thinking(text).strip()
    tail = body[-_TAIL:]
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    size = max(len(body), 1)
    named = {a or b for a, b in _LETTER.findall(tail)}
    return (
        float(_STATED.search(body) is not None),
        1000.0 * len(_HEDGE.findall(body)) / size,
        1.0 - len(set(lines)) / len(lines) if lines else 0.0,
        float(body.endswith(_ENDS)),
        float(len(named)),
        float(bool(option) and option in tail.lower()),
        sum(map(str.isdigit, body)) / size,
        float(len(lines)),
    )


def _option(query: Query, key: str | None) -> str:
    """Text of the option that was taken, in lower case; "" without one."""
    if key is None or not query.choices or key not in query.letters:
        return ""
    return query.choices[LETTERS.index(key)].strip().lower()


TEXT_SIGNALS = Signals(count=len(NAMES), read=text_signals)
