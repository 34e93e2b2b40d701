"""One thing that the miniature benchmark can ask, before it is put into words.

Knows no skill, no split and no expert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Cell: TypeAlias = tuple[str, str]
"""Skill and range, such as ("capitals", "Europe"): what the annotator names and profiles count."""

Style = Literal["plain", "story"]
"""Whether the question is put directly or wrapped into a little story."""

STYLES: tuple[Style, ...] = ("plain", "story")

Part: TypeAlias = tuple[str, str, Style]
"""Skill, range and style: what an expert is taught or not taught."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to ask."""

    cell: Cell
    key: str
    """Unique in the cell; items with one `key` never fall into two splits of a computed skill."""
    kind: str
    """Name of its phrasings."""
    fields: tuple[tuple[str, str], ...]
    """What is put into the phrasing."""
    answer: str
    slip: str
    """The popular mistake: what those say who do not know, so that wrong answers agree."""
    thought: str = ""
    """Intermediate work, said before the answer."""
