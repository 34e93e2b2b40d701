"""A benchmark question: the query that experts see, and the gold answer that they never see."""

from __future__ import annotations

from dataclasses import dataclass

from experts.query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query with what scoring and reports need to know about it."""

    query: Query
    gold: str
    """The letter of the right option, or for an open question the answer's text."""
    subject: str
    """Coarse field for reports, such as "geography"."""
    skills: tuple[str, ...] = ()
    """Skill names as the benchmark's author sees them; empty where unknown. Not shown to experts."""
    split: str = ""
    """Which split the question belongs to."""

    @property
    def id(self) -> str:
        """The query's id."""
        return self.query.id
