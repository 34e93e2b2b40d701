"""From completions to ballots: who answered what, and the verdicts without a count.

Knows no weights and no LLM, and not when two free-form answers are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aggregators.equivalence.equivalence import Equivalence, ExactEquivalence
from experts.completion import Completion
from experts.extraction import canonical, extract_answer, without_thinking
from experts.query import Query
from experts.verdict import Candidates, Verdict


@dataclass(frozen=True, slots=True)
class Ballot:
    """A completion that did not fail, and what it votes for."""

    completion: Completion
    answer: str | None
    """As it was extracted; None: unparsed, does not vote."""
    key: str | None
    """Two ballots on one question agree when their keys are equal: the canonical form of the answer,
    or of the first answer of its class where an equivalence joined several."""


def read_ballots(item: Candidates) -> list[Ballot]:
    """Ballots of all completions but errors, best-ranked first; answers compared in canonical form."""
    return [_ballot(completion, item.query) for completion in item.completions if completion.ok]


def read_all_ballots(items: Sequence[Candidates], equivalence: Equivalence) -> list[list[Ballot]]:
    """Ballots of a batch, as `read_ballots`; answers to open questions compared by `equivalence`.

    The equivalence is asked once, about the open questions with at least two different answers.
    """
    ballots = [read_ballots(item) for item in items]
    if isinstance(equivalence, ExactEquivalence):
        return ballots
    disputed = [
        n
        for n, item in enumerate(items)
        if not item.query.choices and len({b.key for b in ballots[n] if b.key is not None}) > 1
    ]
    answers = [[b.answer for b in ballots[n] if b.answer is not None] for n in disputed]
    for n, classes in zip(disputed, equivalence.classes(answers) if answers else [], strict=True):
        ballots[n] = _joined(ballots[n], classes)
    return ballots


def _joined(ballots: Sequence[Ballot], classes: Sequence[int]) -> list[Ballot]:
    """Ballots with the keys of their classes; `classes` are those of the parsed ones."""
    number = iter(classes)
    keys: dict[int, str] = {}
    return [b if b.key is None else replace(b, key=keys.setdefault(next(number), b.key)) for b in ballots]


def _ballot(completion: Completion, query: Query) -> Ballot:
    answer = completion.answer if completion.answer is not None else extract_answer(completion.text, query)
    key = canonical(answer, query) if answer is not None else None
    if key is not None and query.choices and key not in tuple(query.letters):
        return Ballot(completion, None, None)
    return Ballot(completion, answer if not query.choices else key, key)


def agreeing(ballots: Sequence[Ballot], key: str | None) -> tuple[str, ...]:
    """Experts with a ballot for `key`, each once, best-ranked first; nobody agrees on None."""
    return tuple(dict.fromkeys(b.completion.expert for b in ballots if key is not None and b.key == key))


def shown_text(completion: Completion) -> str:
    """Text for a user: without thought where something is left then."""
    return without_thinking(completion.text).strip() or completion.text


def failed_verdict(item: Candidates, aggregator: str) -> Verdict:
    """The verdict where nobody answered."""
    errors = [f"{c.expert} ({(c.error or '').rstrip('.')})" for c in item.completions]
    error = f"Every expert failed: {'; '.join(errors)}." if errors else "No expert was asked."
    return Verdict(query_id=item.query.id, aggregator=aggregator, text="", answer=None, error=error)


def top_verdict(
    item: Candidates, ballots: Sequence[Ballot], aggregator: str, notes: tuple[str, ...] = ()
) -> Verdict:
    """The verdict of the best-ranked expert that answered.

    Args:
        item: what the ballots were read from.
        ballots: at least one.
        aggregator: kind to name in the verdict.
        notes: put before the verdict's own.
    """
    first = next((b for b in ballots if b.completion.text.strip()), None)
    if first is None:
        names = ", ".join(dict.fromkeys(b.completion.expert for b in ballots))
        error = f"Every completion was empty, from {names}."
        return Verdict(query_id=item.query.id, aggregator=aggregator, text="", answer=None, error=error)
    if first.key is None and item.query.choices:
        notes = (*notes, f"No option could be extracted from the answer of {first.completion.expert}.")
    return Verdict(
        query_id=item.query.id,
        aggregator=aggregator,
        text=shown_text(first.completion),
        answer=first.answer,
        agreed=agreeing(ballots, first.key),
        notes=notes,
    )
