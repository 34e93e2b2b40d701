"""Measures a built pool: the annotator, and the aggregator against plain votes.

Knows nothing of how results are worded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.pocket.candidates import Candidate, candidate_lists, shown
from eval.pocket.item import Cell
from eval.pocket.loader import load
from eval.pocket.measuring import Tally, cell_of, is_right
from eval.pocket.recording import Recorded
from eval.pocket.skills import keywords
from eval.pocket.teaching import TRUST_PATTERN, aggregator_content
from eval.question import Question
from experts.extraction import extract_answer


@dataclass(frozen=True, slots=True)
class FusionResult:
    """Share of questions answered rightly by each way to make one answer of the same candidates."""

    trusted: float
    """The candidate that the aggregator says it trusts."""
    written: float
    """The answer that the aggregator writes itself."""
    majority: float
    first: float
    """The first candidate alone."""
    oracle: float
    """At least one candidate is right: what no fusion can exceed."""


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


def fusion_results(folder: Path, fit: Recorded, asked: Recorded, k: int = 3) -> dict[str, FusionResult]:
    """The aggregator in `folder` against votes over the same candidates.

    Args:
        folder: of the aggregator.
        fit: what profiles are counted on.
        asked: what is reported on.
        k: candidates a question.
    """
    profile = fit.accuracy(cell_of)
    return {
        f"{how} {k}": _fusion_result(
            folder, asked, shown(asked, candidate_lists(asked, profile, k, by_profile=by_profile))
        )
        for how, by_profile in (("best by profile of", True), ("any", False))
    }


def _fusion_result(folder: Path, asked: Recorded, candidates: Sequence[Sequence[Candidate]]) -> FusionResult:
    from eval.pocket.generation import MAX_TOKENS, generate

    contents = [aggregator_content(q.query, c) for q, c in zip(asked.questions, candidates, strict=True)]
    fused = generate(folder, contents, MAX_TOKENS["aggregator"])
    rows = list(zip(asked.questions, candidates, fused, strict=True))
    return FusionResult(
        trusted=_share(is_right(question, _trusted(text, c)) for question, c, text in rows),
        written=_share(is_right(question, text) for question, _, text in rows),
        majority=_share(is_right(question, _majority(question, c)) for question, c, _ in rows),
        first=_share(is_right(question, c[0][1]) for question, c, _ in rows),
        oracle=_share(any(is_right(question, text) for _, text in c) for question, c, _ in rows),
    )


def _trusted(reply: str, candidates: Sequence[Candidate]) -> str:
    """The text of the candidate that a reply trusts; empty where it names none."""
    found = re.search(TRUST_PATTERN, reply)
    return dict(candidates).get(found[1], "") if found else ""


def _share(marks: Iterable[bool]) -> float:
    found = list(marks)
    return sum(found) / max(1, len(found))


def _majority(question: Question, candidates: Sequence[Candidate]) -> str:
    """The text of the first candidate with the most frequent answer; ties go to the earlier one."""
    answers = [extract_answer(text, question.query) for _, text in candidates]
    counts = Counter(answer for answer in answers if answer is not None)
    if not counts:
        return ""
    best = max(counts.values())
    return next(text for (_, text), a in zip(candidates, answers, strict=True) if a and counts[a] == best)
