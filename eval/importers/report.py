"""What an importer gives back: the outcome table, what was skipped and why, and what to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experts.outcome_table import OutcomeTable


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """An outcome table and how it came about."""

    table: OutcomeTable
    """Every question has a split."""
    skipped: Mapping[str, int]
    """Rows or questions left out, by reason."""
    notes: tuple[str, ...]
    """Sentences on what was assumed, such as where token counts come from."""
