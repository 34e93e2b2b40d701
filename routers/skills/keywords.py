"""Skill keywords out of the free text of an LLM's reply.

Pure: knows no LLM and no profile. Small models decorate the one line asked of them in many ways, so
the parser is generous; what it cannot read is no keyword, never an error.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_MARKER = re.compile(r"key\s?words?\s*\**\s*[:\uff1a][ \t]*\**", re.IGNORECASE)
_THOUGHT_END = "</think>"
_THOUGHT_START = "<think>"
_SEPARATORS = re.compile(r"[,;\n\uff0c\u3001|]")
_BULLET = re.compile(r"^\s*(?:[-*•]+|\(?\d+[.)])\s*")
_EDGES = " \t\r\"'`*_<>[](){}:!?"


def normalise(raw: str) -> str:
    """A keyword as profiles spell it: lower case, no dots, single spaces, no decoration."""
    bare = _BULLET.sub("", raw).replace(".", "")
    return " ".join(bare.lower().split()).strip(_EDGES)


def parse_keywords(reply: str, *, max_chars: int, cut_off: bool = False) -> tuple[str, ...]:
    """Distinct keywords of one reply, in order.

    Reads what follows the last `Keywords:`, or, without such a marker, a reply that is one line;
    longer free text without the marker holds no keywords.

    Args:
        reply: text of the LLM; what stands before `</think>` is left out.
        max_chars: longer keywords are dropped.
        cut_off: the reply ended for length, so that its last keyword may be half a word.
    """
    body = _after_thought(reply)
    marked = _MARKER.split(body)
    if len(marked) > 1:
        listing = _first_block(marked[-1])
    elif "\n" in body.strip():
        return ()
    else:
        listing = body
    parts = _SEPARATORS.split(listing.strip())
    if cut_off:
        parts = parts[:-1]
    found = [normalise(part) for part in parts]
    return tuple(dict.fromkeys(word for word in found if word and len(word) <= max_chars))


def pooled_keywords(replies: Sequence[Sequence[str]], *, min_count: int, limit: int) -> tuple[str, ...]:
    """Keywords that occur in at least `min_count` replies, the most frequent first, at most `limit`."""
    counts = Counter(word for reply in replies for word in dict.fromkeys(reply))
    return tuple(word for word, count in counts.most_common() if count >= min_count)[:limit]


def _after_thought(reply: str) -> str:
    """The reply proper of a reasoning model; empty where it was cut off in thought."""
    head, closed, tail = reply.rpartition(_THOUGHT_END)
    if closed:
        return tail
    return head + tail if _THOUGHT_START not in reply else ""


def _first_block(text: str) -> str:
    """The line behind the marker, or the list below it where that line is empty."""
    lines = text.split("\n")
    if lines[0].strip():
        return lines[0]
    block: list[str] = []
    for line in lines[1:]:
        if line.strip():
            block.append(line)
        elif block:
            break
    return "\n".join(block)
