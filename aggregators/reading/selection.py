"""What a moderator's JSON says: which two candidates are best, and whether the discussion ends.

Knows no LLM and no verdict.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregators.reading.naming import candidate_named
from aggregators.reading.showing import Shown
from aggregators.reading.thoughts import without_thoughts
from experts.completion import Completion

_MOST_TRIES = 100
"""Opening braces that are tried; a reply has one object and perhaps a few braces in its reasoning."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Two candidates (one, where there is only one), the better one first."""

    best: tuple[Completion, ...]
    end: bool


def read_selection(reply: str, shown: Sequence[Shown]) -> Selection | None:
    """The selection in the reply's last JSON object with "best" and "end"; None where it is not valid.

    Args:
        reply: with text around the object, if need be, such as a fence.
        shown: candidates; "best" holds two different ones, by number from 1 or by their expert's name.
    """
    found = [o for o in _objects(without_thoughts(reply)) if "best" in o and "end" in o]
    if not found:
        return None
    best, end = found[-1]["best"], found[-1]["end"]
    if not isinstance(best, list) or not isinstance(end, bool):
        return None
    named = [candidate_named(str(label).strip().lower(), shown) for label in best]
    chosen = [c for i, c in enumerate(named) if c is not None and not any(c is d for d in named[:i])]
    wanted = min(2, len(shown))
    return Selection(tuple(chosen), end) if len(chosen) == len(best) == wanted else None


def _objects(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, outermost ones, in order."""
    found: list[dict[str, Any]] = []
    decoder, at = json.JSONDecoder(strict=False), text.find("{")
    for _ in range(_MOST_TRIES):
        if at < 0:
            break
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found
