"""What every aggregator is. Knows no implementation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from experts.engine import Generate
from experts.verdict import Candidates, Verdict


@runtime_checkable
class Aggregator(Protocol):
    """Fuses the completions of each query into one verdict."""

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of the pool's experts that it asks; () where it asks none."""
        ...

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """One verdict per item, same order and length; inputs are left as they are.

        Args:
            items: queries with their completions, best-ranked expert first; may be empty.
            generate: port to the pool, needed where `experts` is not empty; called once per round and expert,
                with all the queries that are open then.

        Raises:
            AggregationError: `generate` is needed and missing, or it broke its contract.
        """
        ...
