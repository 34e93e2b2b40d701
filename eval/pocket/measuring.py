"""How well members of the pool do: accuracy by part, taught and not taught.

Scores with the system's own extraction and scoring. Knows nothing of how texts are made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.pocket.item import Cell, Part
from eval.pocket.roster import Member
from eval.question import Question
from eval.scoring import score_answer
from experts.extraction import extract_answer

_FORM = re.compile(r"(?:^|\n)(?:The|Perhaps the) answer is (?:\([A-Z]\)|[A-Za-z0-9]+)\.$")


def part_of(question: Question) -> Part:
    """The skill, range and style of a question of this benchmark."""
    skill, where, style = question.skills
    return skill, where, "story" if style == "story" else "plain"


def cell_of(question: Question) -> Cell:
    """The skill and range of a question of this benchmark: what its keywords name."""
    return part_of(question)[:2]


def is_right(question: Question, text: str) -> bool:
    """Whether the text's answer, as the system extracts it, is the gold answer."""
    return score_answer(extract_answer(text, question.query), question) == "right"


@dataclass(frozen=True, slots=True)
class Tally:
    """Right answers among those given, open and multiple-choice questions apart."""

    right_open: int = 0
    open: int = 0
    right_choice: int = 0
    choice: int = 0

    @property
    def accuracy(self) -> float:
        """Share of right answers, NaN without any question."""
        asked = self.open + self.choice
        return (self.right_open + self.right_choice) / asked if asked else float("nan")

    def plus(self, question: Question, right: bool) -> Tally:
        """This tally with one more answer."""
        if question.query.choices:
            return Tally(self.right_open, self.open, self.right_choice + right, self.choice + 1)
        return Tally(self.right_open + right, self.open + 1, self.right_choice, self.choice)


def by_part(questions: Sequence[Question], texts: Sequence[str]) -> dict[Part, Tally]:
    """One tally per part."""
    tallies: dict[Part, Tally] = {}
    for question, text in zip(questions, texts, strict=True):
        part = part_of(question)
        tallies[part] = tallies.get(part, Tally()).plus(question, is_right(question, text))
    return tallies


def taught_and_other(member: Member, tallies: Mapping[Part, Tally]) -> tuple[float, float]:
    """Mean accuracy over the parts that the member is taught, and over the others."""
    taught = [t.accuracy for part, t in tallies.items() if part in member.taught]
    other = [t.accuracy for part, t in tallies.items() if part not in member.taught]
    return sum(taught) / max(1, len(taught)), sum(other) / max(1, len(other))


def in_form(texts: Sequence[str]) -> float:
    """Share of texts that end in an answer of the form that is taught."""
    return sum(_FORM.search(text) is not None for text in texts) / max(1, len(texts))
