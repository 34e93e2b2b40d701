"""Room for long candidates: who may show how many characters, and how a text is cut.

Characters, because a reader's tokenizer is not known here; about four are a token of English.
"""

from __future__ import annotations

from collections.abc import Sequence

MARK = "[...]"
"""Stands where something was cut out."""
_HEAD_SHARE = 4
"""A cut text keeps one part in so many of its beginning, which says what it is about; the rest is its end,
where the answer stands."""


def fair_limits(sizes: Sequence[int], total: int) -> list[int]:
    """Characters that each text may show, so that together they show at most `total` (water-filling).

    Short texts are kept whole; what they leave over is shared evenly by the long ones. A character that
    cannot be shared goes to the first of the longest. Nobody gets less than 1.

    Args:
        sizes: lengths in characters, best-ranked first.
        total: in characters, at least 1.
    """
    limits, left = [0] * len(sizes), total
    shortest_first = sorted(range(len(sizes)), key=lambda i: (sizes[i], -i))
    for done, i in enumerate(shortest_first):
        share = max(left // (len(sizes) - done), 1)
        limits[i] = min(sizes[i], share)
        left -= limits[i]
    return limits


def cut(text: str, limit: int) -> str:
    """The text, or of one longer than `limit` characters its beginning, a mark, and its end.

    The mark comes on top of the limit. Under four characters there is room for the end alone.
    """
    if len(text) <= limit:
        return text
    head = limit // _HEAD_SHARE
    end = f"{MARK} {text[len(text) - limit + head :]}"
    return f"{text[:head]} {end}" if head else end
