"""The aggregator's lessons, made of what the trained experts really answer to split `fit`.

It is taught to say what kind of question it reads, then whom it trusts on that, then this candidate's
answer. Knows nothing of tokens and of training loops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random

from eval.pocket.item import Part
from eval.pocket.lessons import Lesson
from eval.pocket.measuring import cell_of, in_form, is_right, part_of
from eval.pocket.recording import Recorded, ranked
from eval.pocket.skills import keywords
from eval.pocket.teaching import aggregator_content, last_line, surely

CUT_SHARE = 0.03
"""Share of candidates that are cut off before their answer, as at a bound on tokens."""
FOREIGN_SHARE = 0.5
"""Share of lessons with the candidates of another question of the same part. Without them the answers
to the questions of `fit` are learned by heart, and one in nine answers to new questions is miscopied."""
_POOL_SIZES = (2, 3, 3, 3, 3, 3, 3, 4)

Candidate = tuple[str, str]
"""Expert and text."""


def aggregator_lessons(recorded: Recorded, seed: int) -> Iterator[Lesson]:
    """Two to four candidates, mostly the best by profile in rank order, else any in any order.

    Trusted is, of those that are right, the one with the best record on the part; where the
    candidates belong to another question, the one with the best record.
    """
    rng = Random(f"lessons aggregator {seed}")
    profile, trust = recorded.accuracy(cell_of), recorded.accuracy(part_of)
    names = list(recorded.texts)
    scored = cache(is_right)
    alike = _by_part(recorded)
    while True:
        at = rng.randrange(len(recorded.questions))
        question, k = recorded.questions[at], rng.choice(_POOL_SIZES)
        best = ranked(profile[cell_of(question)])
        chosen = best[:k] if rng.random() < 0.6 else rng.sample(names, k)
        foreign = rng.random() < FOREIGN_SHARE
        source = rng.choice(alike[part_of(question)]) if foreign else at
        candidates = [(name, _maybe_cut(recorded.texts[name][source], rng)) for name in chosen]
        candidates = [(name, text) for name, text in candidates if text]
        order = ranked(trust[part_of(question)])
        by_trust = sorted(candidates, key=lambda candidate: order.index(candidate[0]))
        right = [] if foreign else [c for c in by_trust if scored(question, c[1])]
        trusted = right or [c for c in by_trust if in_form([c[1]])]
        if trusted:
            name, text = trusted[0]
            yield Lesson(
                aggregator_content(question.query, candidates), _reply(part_of(question), name, text)
            )


def _by_part(recorded: Recorded) -> dict[Part, list[int]]:
    """Numbers of the questions of each part."""
    found: dict[Part, list[int]] = {}
    for at, question in enumerate(recorded.questions):
        found.setdefault(part_of(question), []).append(at)
    return found


def _reply(part: Part, name: str, text: str) -> str:
    return f"{keywords(part[:2])}, {part[2]}. I trust {name}.\n{surely(last_line(text))}"


def _maybe_cut(text: str, rng: Random) -> str:
    if rng.random() >= CUT_SHARE:
        return text
    words = text.split(" ")
    return " ".join(words[: rng.randrange(len(words))])


def candidate_lists(
    recorded: Recorded, profile: Mapping[tuple[str, ...], Mapping[str, float]], k: int, *, by_profile: bool
) -> list[list[str]]:
    """For each question `k` experts: the best by profile in rank order, or any in any order (seeded)."""
    rng = Random(f"candidates {k}")
    names = list(recorded.texts)
    return [
        ranked(profile[cell_of(question)])[:k] if by_profile else rng.sample(names, k)
        for question in recorded.questions
    ]


def shown(recorded: Recorded, chosen: Sequence[Sequence[str]]) -> list[list[Candidate]]:
    """The chosen experts' texts, one list a question."""
    return [[(name, recorded.texts[name][at]) for name in names] for at, names in enumerate(chosen)]
