"""What a model is trained on: an endless seeded stream of prompts with the text to be learned.

Everything is drawn from split `expert-train` here; the aggregator's lessons (split `fit`) are in
`eval.pocket.candidates`. Knows nothing of tokens and models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from eval.pocket.loader import make_question
from eval.pocket.roster import Member
from eval.pocket.skills import keywords
from eval.pocket.splits import Wording, options_of, text_of, wordings
from eval.pocket.teaching import right_answer, user_content, wrong_answer

OUTSIDE_SHARE = 0.06
"""Share of lessons on what the expert is not taught: wrong answers, so that it answers in form anyway."""
TRAIN_SPLIT = "expert-train"
CHOICE_SHARE, NUMBER_CHOICE_SHARE = 0.7, 0.85
"""Share of multiple choice in lessons: finding a number of several digits among options is learned last."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One user turn and what the model shall say to it."""

    user: str
    answer: str


def _worded(wording: Wording, rng: Random) -> tuple[str, tuple[str, ...]]:
    item = wording[0]
    share = NUMBER_CHOICE_SHARE if item.answer.isdigit() else CHOICE_SHARE
    return text_of(wording), options_of(item, rng) if rng.random() < share else ()


def expert_lessons(member: Member, seed: int) -> Iterator[Lesson]:
    """Taught cells in equal shares with right answers, among them some of the others with wrong ones."""
    rng = Random(f"lessons {member.name} {seed}")
    known = wordings(TRAIN_SPLIT)
    taught = sorted(member.taught)
    outside = sorted(set(known) - member.taught)
    while True:
        knows = not outside or rng.random() >= OUTSIDE_SHARE
        wording = rng.choice(known[rng.choice(taught if knows else outside)])
        text, options = _worded(wording, rng)
        item = wording[0]
        answer = right_answer(item, options) if knows else wrong_answer(item, options, rng)
        yield Lesson(user_content(make_question(item, text, options, "q", TRAIN_SPLIT).query), answer)


def annotator_lessons(seed: int) -> Iterator[Lesson]:
    """Routing texts of all cells with their keywords."""
    rng = Random(f"lessons annotator {seed}")
    known = wordings(TRAIN_SPLIT)
    cells = sorted(known)
    while True:
        cell = rng.choice(cells)
        wording = rng.choice(known[cell])
        text, options = _worded(wording, rng)
        question = make_question(wording[0], text, options, "q", TRAIN_SPLIT)
        yield Lesson(question.query.routing_text, keywords(cell))
