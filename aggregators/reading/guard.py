"""Whether an LLM's answer is only supported by candidates that tried to instruct it.

A guard that does not depend on the LLM's obedience. Whoever tries to steer the reader may vote, but the
reader's word adds nothing to the vote. It is careful: beside such a candidate, an answer that nobody else
gave is not taken from the LLM either, since it may have been dictated; and what LLMs wrote after reading it
supports nothing. Knows no LLM and no pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.ballots import read_ballots, shown_text
from experts.completion import Completion
from experts.extraction import canonical
from experts.verdict import Candidates, Verdict


def without(item: Candidates, suspects: Sequence[Completion]) -> Candidates:
    """The item without these completions (the same objects, not equal ones)."""
    kept = tuple(c for c in item.completions if not _among(c, suspects))
    return replace(item, completions=kept)


def steered_by(
    verdict: Verdict, item: Candidates, seen: Sequence[Completion], suspects: Sequence[Completion]
) -> tuple[Completion, ...]:
    """The suspects, where nobody else supports the verdict; () where somebody does, or nobody else answered.

    Args:
        verdict: of the LLM.
        item: what was asked and answered.
        seen: all completions that LLMs read, those of later rounds too.
        suspects: those of them with a sentence that instructs the reader.
    """
    first = tuple(c for c in item.completions if _among(c, suspects))
    blamed = first or tuple(suspects)
    heard = item.completions if first else (*item.completions, *seen)
    others = without(replace(item, completions=heard), suspects)
    return blamed if blamed and not _supported(verdict, others, blamed) else ()


def _supported(verdict: Verdict, others: Candidates, blamed: Sequence[Completion]) -> bool:
    """Whether the others support the verdict, or have nothing to put in its place."""
    ballots = [ballot for ballot in read_ballots(others) if ballot.completion.text.strip()]
    keys = {ballot.key for ballot in ballots if ballot.key is not None}
    if not (keys if others.query.choices else ballots):
        return True
    if verdict.answer is None:
        return verdict.text not in [shown_text(suspect) for suspect in blamed]
    key = canonical(verdict.answer, others.query)
    if keys:
        return key in keys
    return key not in [b.key for b in read_ballots(replace(others, completions=tuple(blamed)))]


def _among(completion: Completion, some: Sequence[Completion]) -> bool:
    return any(completion is one for one in some)
