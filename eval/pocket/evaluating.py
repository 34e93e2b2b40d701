"""Measures a built pool: every expert, the annotator, and the aggregator against plain votes.

Knows nothing of how results are worded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from eval.pocket.candidates import Recorded, ranked
from eval.pocket.loader import load
from eval.pocket.measuring import Tally, by_cell, cell_of, is_right
from eval.pocket.skills import Cell, keywords
from eval.pocket.teaching import aggregator_content
from eval.question import Question
from experts.extraction import extract_answer


@dataclass(frozen=True, slots=True)
class FusionResult:
    """Share of questions answered rightly by each way to make one answer of the same candidates."""

    aggregator: float
    majority: float
    first: float
    """The first candidate alone."""
    oracle: float
    """At least one candidate is right: what no fusion can exceed."""


def expert_results(recorded: Recorded) -> dict[str, dict[Cell, Tally]]:
    """Every expert's tallies by cell."""
    return {name: by_cell(recorded.questions, texts) for name, texts in recorded.texts.items()}


def annotator_results(folder: Path, split: str = "validation", n: int | None = None) -> dict[Cell, Tally]:
    """How often the annotator's line is exactly the cell's keywords."""
    from eval.pocket.generation import MAX_TOKENS, generate

    questions = load(split, n)
    texts = generate(folder, [q.query.routing_text for q in questions], MAX_TOKENS["annotator"])
    tallies: dict[Cell, Tally] = {}
    for question, text in zip(questions, texts, strict=True):
        cell = cell_of(question)
        tallies[cell] = tallies.get(cell, Tally()).plus(question, text.strip() == keywords(cell))
    return tallies


def candidate_lists(
    recorded: Recorded, profile: Mapping[tuple[Cell, str], float], k: int, *, by_profile: bool
) -> list[list[str]]:
    """For each question `k` experts: the best by profile in rank order, or any in any order (seeded)."""
    rng = Random(f"candidates {k}")
    names = list(recorded.texts)
    return [
        ranked(profile, cell_of(question), names)[:k] if by_profile else rng.sample(names, k)
        for question in recorded.questions
    ]


def fusion_result(folder: Path, recorded: Recorded, chosen: Sequence[Sequence[str]]) -> FusionResult:
    """The aggregator in `folder` beside votes over the same candidates."""
    from eval.pocket.generation import MAX_TOKENS, generate

    shown = [[(name, recorded.texts[name][at]) for name in names] for at, names in enumerate(chosen)]
    contents = [aggregator_content(q.query, c) for q, c in zip(recorded.questions, shown, strict=True)]
    fused = generate(folder, contents, MAX_TOKENS["aggregator"])
    rows = list(zip(recorded.questions, shown, fused, strict=True))
    return FusionResult(
        aggregator=_share(is_right(question, text) for question, _, text in rows),
        majority=_share(is_right(question, _majority(question, c)) for question, c, _ in rows),
        first=_share(is_right(question, c[0][1]) for question, c, _ in rows),
        oracle=_share(any(is_right(question, text) for _, text in c) for question, c, _ in rows),
    )


def _share(marks: Iterable[bool]) -> float:
    found = list(marks)
    return sum(found) / max(1, len(found))


def _majority(question: Question, candidates: Sequence[tuple[str, str]]) -> str:
    """The text of the first candidate with the most frequent answer; ties go to the earlier one."""
    answers = [extract_answer(text, question.query) for _, text in candidates]
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return ""
    best = max(counts.values())
    return next(text for (_, text), a in zip(candidates, answers, strict=True) if a and counts[a] == best)
