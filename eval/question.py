"""A benchmark question: the query that experts see, and the gold answer that they never see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from experts.query import Query

OfficialExtraction = Callable[[str, Query], str | None]
"""(text of a completion, query) -> the letter, or None where it finds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query with what scoring and reports need to know about it."""

    query: Query
    gold: str
    """The letter of the right option, or for an open question the answer's text."""
    accepted: tuple[str, ...] = ()
    """Other answers to an open question that are right too."""
    subject: str
    """Coarse field for reports, such as "geography"."""
    skills: tuple[str, ...] = ()
    """Skill names as the benchmark's author sees them; empty where unknown. Not shown to experts."""
    split: str = ""
    """Which split the question belongs to."""
    benchmark: str = ""
    """Name of the benchmark that it is from."""
    permutation: tuple[int, ...] = ()
    """Where the options stood in the source: option i was option permutation[i]; () = not permuted."""
    private: bool = False
    """Whether it must not appear in plain text anywhere: reports show its id only, texts are sealed."""
    official: OfficialExtraction | None = None
    """The benchmark's own way to find the answer in a text, scored beside ours; None: it has none."""
    same_value: bool = False
    """Whether an open answer is right where it has the gold answer's value, such as 0.5 for 1/2
    (math-verify); else it must be the same text in canonical form."""

    @property
    def id(self) -> str:
        """The query's id."""
        return self.query.id
