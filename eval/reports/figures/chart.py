"""What a figure and a table of the page are made of. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of a row is its name."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """Below the table; "" = none."""
    strong: frozenset[int] = frozenset()
    """Numbers of rows that are set off."""
    words: bool = False
    """Whether cells are words, not numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure with its text alternative."""

    id: str
    """Unique on the page."""
    title: str
    svg: str
    caption: str
    """How to read it, with units."""
    table: Table
    """The same numbers."""
