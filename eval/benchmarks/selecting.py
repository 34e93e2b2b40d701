"""Splits by name, and samples of questions. Knows no benchmark."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches

from eval.question import Question
from experts.errors import BenchmarkError

_SEED = "0"


def check_split(benchmark: str, split: str, splits: Sequence[str]) -> None:
    """Refuse a split that a benchmark does not have.

    Raises:
        BenchmarkError: it has no such split; close names are offered.
    """
    if split not in splits:
        close = get_close_matches(split, splits, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise BenchmarkError(f"{benchmark} has no split {split!r}{meant}; give one of {', '.join(splits)}.")


def first_n(questions: Sequence[Question], n: int | None, what: str) -> list[Question]:
    """The first `n` of a fixed random order, that of a hash of the ids; None: all, in their own order.

    A larger `n` adds questions to those of a smaller one, and more rows in a file move none.

    Args:
        questions: all that there are.
        n: how many; at least 1.
        what: of which they are, for the message.

    Raises:
        BenchmarkError: there are fewer.
    """
    if n is None:
        return list(questions)
    if n > len(questions):
        raise BenchmarkError(f"{what} has {len(questions)} questions, and {n} are asked for; give less.")
    return sorted(questions, key=_rank)[:n]


def _rank(question: Question) -> str:
    return hashlib.sha256(f"{_SEED}\0{question.id}".encode()).hexdigest()
