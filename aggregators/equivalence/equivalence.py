"""What every equivalence of answers is, and the one that compares canonical strings.

Deliberately knows no expert, no vote and no gold answer; multiple choice needs none of this.

An equivalence such as "within a distance" is not transitive, so classes are made greedily in the
order of the answers: an answer joins the earliest class whose first answer it equals. Answers stand
in order of rank, so the best-ranked expert's answer stands for its class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from experts.extraction import canonical
from experts.query import Query

_OPEN = Query.from_text("An open question.")


class Equivalence(Protocol):
    """Tells which answers to a question are the same."""

    def classes(self, answers: Sequence[Sequence[str]]) -> list[list[int]]:
        """The class of every answer.

        Args:
            answers: for every question the answers as they were extracted, best-ranked first.

        Returns:
            In the same shape the number of each answer's class, 0, 1, ... in order of appearance.
        """
        ...


class ExactEquivalence:
    """Canonical strings: case, white space, LaTeX dress and the writing of plain numbers do not matter."""

    def classes(self, answers: Sequence[Sequence[str]]) -> list[list[int]]:
        """See `Equivalence.classes`."""
        return [numbered(list(map(canonical_form, row))) for row in answers]


def canonical_form(answer: str) -> str:
    """The canonical string of an answer to an open question."""
    return canonical(answer, _OPEN)


def numbered(forms: Sequence[str]) -> list[int]:
    """Equal strings get equal numbers, 0, 1, ... in order of appearance."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(form, len(numbers)) for form in forms]


def joined(answers: Sequence[str], same: Callable[[str, str], bool]) -> list[int]:
    """Greedy classes; canonical strings that are equal are never asked about.

    Args:
        answers: of one question, best-ranked first.
        same: whether two answers with different canonical strings are the same after all.
    """
    forms = numbered(list(map(canonical_form, answers)))
    heads: list[str] = []
    classes: dict[int, int] = {}
    for answer, form in zip(answers, forms, strict=True):
        if form in classes:
            continue
        found = next((i for i, head in enumerate(heads) if same(head, answer)), len(heads))
        if found == len(heads):
            heads.append(answer)
        classes[form] = found
    return [classes[form] for form in forms]
