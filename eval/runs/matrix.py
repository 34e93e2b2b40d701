"""The outcome matrix of a run as a table for routers and fusions to learn from.

Of a private question the table has the id and no text, so that what is learned from it knows subjects and
scores only.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.question import Question
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query

_SPLITS = {"fit": "train", "train": "train", "validation": "validation", "test": "test"}
"""A benchmark's split in an outcome table; unknown for any other."""


def run_table(questions: Sequence[Question], outcomes: OutcomeMatrix) -> OutcomeTable:
    """Questions with their splits, and what experts made of them."""
    return OutcomeTable(
        queries=tuple(_shown(question) for question in questions),
        splits=tuple(_SPLITS.get(question.split, "") for question in questions),
        outcomes=outcomes,
    )


def _shown(question: Question) -> Query:
    query = question.query
    if not question.private:
        return query
    return Query.from_text(f"(sealed) {query.id}", id=query.id, choices=tuple(query.letters))
