"""What a model is trained on: an endless seeded stream of prompts with the text to be learned.

Experts learn from split `expert-train`, the annotator from `fit`; the aggregator's lessons are in
`eval.pocket.candidates`. Knows nothing of tokens and models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from eval.pocket.item import Part
from eval.pocket.loader import make_question
from eval.pocket.roster import Member
from eval.pocket.skills import keywords, parts
from eval.pocket.splits import Wording, wordings
from eval.pocket.teaching import right_answer, user_content, wrong_answer
from eval.question import Question

OUTSIDE_SHARE = 0.35
"""Share of lessons on what the expert is not taught: the popular mistake, in form."""
HARD, HARD_WEIGHT = ("addition", "subtraction"), 3
"""Skills that take the longest to carry over to new operands, and how much oftener they are taught."""
CHOICE_SHARE, NUMBER_CHOICE_SHARE = 0.6, 0.75
"""Share of multiple choice in lessons: finding a number of several digits among options is learned last."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One user turn and what the model shall say to it."""

    user: str
    answer: str


def _by_part(split: str) -> dict[Part, list[Wording]]:
    found: dict[Part, list[Wording]] = {part: [] for part in parts()}
    for cell, rows in wordings(split).items():
        for item, phrasing in rows:
            found[(*cell, phrasing.style)].append((item, phrasing))
    return found


def _asked(wording: Wording, split: str, rng: Random) -> Question:
    share = NUMBER_CHOICE_SHARE if wording[0].answer.isdigit() else CHOICE_SHARE
    return make_question(wording, "q", split, rng if rng.random() < share else None)


def expert_lessons(member: Member, seed: int) -> Iterator[Lesson]:
    """Taught parts with right answers, hard ones oftener; among them the others with popular mistakes."""
    rng = Random(f"lessons {member.name} {seed}")
    known = _by_part("expert-train")
    taught = [part for part in parts() if part in member.taught]
    weights = [HARD_WEIGHT if part[0] in HARD else 1 for part in taught]
    outside = [part for part in parts() if part not in member.taught]
    while True:
        knows = not outside or rng.random() >= OUTSIDE_SHARE
        part = rng.choices(taught, weights)[0] if knows else rng.choice(outside)
        wording = rng.choice(known[part])
        query = _asked(wording, "expert-train", rng).query
        answer = (
            right_answer(wording[0], query.choices)
            if knows
            else wrong_answer(wording[0], query.choices, sure=not member.cautious)
        )
        yield Lesson(user_content(query), answer)


def annotator_lessons(seed: int) -> Iterator[Lesson]:
    """Routing texts of all cells with their keywords."""
    rng = Random(f"lessons annotator {seed}")
    known = wordings("fit")
    cells = list(known)
    while True:
        cell = rng.choice(cells)
        question = _asked(rng.choice(known[cell]), "fit", rng)
        yield Lesson(question.query.routing_text, keywords(cell))
