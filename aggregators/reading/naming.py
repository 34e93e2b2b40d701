"""Which candidate a reply names. Knows no LLM and no verdict."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregators.reading.showing import Shown
from aggregators.reading.thoughts import without_thoughts
from experts.completion import Completion


def last_named(reply: str, pattern: str) -> str | None:
    """What a pattern's one group last matched in a reply without thoughts, in lower case; None: nothing."""
    named = re.findall(pattern, without_thoughts(reply))
    return named[-1].strip().rstrip(".").lower() if named else None


def candidate_named(label: str, shown: Sequence[Shown]) -> Completion | None:
    """The candidate with an expert's name or a number from 1, in lower case; None: there is none."""
    by_name = {one.completion.expert.lower(): one.completion for one in reversed(shown)}
    if label in by_name:
        return by_name[label]
    number = int(label) if label.isascii() and label.isdecimal() and len(label) < 10 else 0
    return shown[number - 1].completion if 1 <= number <= len(shown) else None
