"""Questions of the miniature benchmark as `Question` objects, the same on every machine.

Knows nothing of models; reads no file.
"""

from __future__ import annotations

from random import Random

from eval.pocket.options import options_of
from eval.pocket.skills import SUBJECTS
from eval.pocket.splits import SPLITS, VERSION, Wording, text_of, wordings
from eval.question import Question
from experts.errors import BenchmarkError
from experts.query import LETTERS, Query

DEFAULT_SIZES = {"expert-train": 4200, "fit": 2016, "validation": 840, "test": 1008}
_MAX_TRIES = 50
MOST = 100_000
"""Most questions of a split; beyond, drawing distinct ones takes minutes."""


def load(split: str, n: int | None = None, seed: int = 0) -> list[Question]:
    """`n` distinct questions of a split, half open and half multiple choice, cells in equal shares.

    Args:
        split: one of `expert-train`, `fit`, `validation`, `test`.
        n: how many; without it the split's usual size.
        seed: another seed draws other questions of the same split.

    Raises:
        BenchmarkError: an unknown split, a negative number, or more than the split has.
    """
    if split not in SPLITS:
        raise BenchmarkError(
            f"The miniature benchmark has no split {split!r}; give one of {', '.join(SPLITS)}."
        )
    count = DEFAULT_SIZES[split] if n is None else n
    if count < 0:
        raise BenchmarkError(f"The number of questions must not be negative, got {count}.")
    if count > MOST:
        raise BenchmarkError(f"Split {split!r} has no further question after {MOST}; ask for fewer.")
    rng = Random(f"pocket {VERSION} {split} {seed}")
    cells = list(wordings(split).values())
    found: list[Question] = []
    seen: set[str] = set()
    while len(found) < count:
        rng.shuffle(cells)
        for rows in cells[: count - len(found)]:
            found.append(_fresh(rows, split, seed, len(found), rng, seen))
    return found


def _fresh(
    rows: tuple[Wording, ...], split: str, seed: int, number: int, rng: Random, seen: set[str]
) -> Question:
    """A question not asked before; a cell whose open questions are used up goes on with choices."""
    choice = rng.random() < 0.5
    for attempt in range(_MAX_TRIES):
        wording = rng.choice(rows)
        question = make_question(
            wording,
            f"pocket-{split}-{seed}-{number:05d}",
            split,
            rng if choice or attempt > _MAX_TRIES // 2 else None,
        )
        text = "\n".join((question.query.question, *question.query.choices))
        if text not in seen:
            seen.add(text)
            return question
    raise BenchmarkError(f"Split {split!r} has no further question after {number}; ask for fewer.")


def make_question(wording: Wording, id: str, split: str, options: Random | None) -> Question:
    """The item in these words; `options` draws options for it, without it the question is open."""
    item, phrasing = wording
    choices = () if options is None else options_of(item, options, SPLITS.index(split), len(SPLITS))
    return Question(
        query=Query.from_text(text_of(wording), id=id, choices=choices),
        gold=LETTERS[choices.index(item.answer)] if choices else item.answer,
        subject=SUBJECTS[item.cell[0]],
        skills=(*item.cell, phrasing.style),
        split=split,
    )
