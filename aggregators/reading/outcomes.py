"""The two things that a reply can decide: a candidate is taken as it stands, or a text that an LLM wrote.

The choice between individual and combined answers is that of Multi-expert Prompting (arXiv 2411.00492).
Knows no prompt and asks nobody.
"""

from __future__ import annotations

from aggregators.ballots import agreeing, read_ballots, shown_text
from aggregators.reading.thoughts import without_thoughts
from experts.completion import Completion
from experts.extraction import canonical, extract_answer
from experts.verdict import Candidates, Verdict


class Undecided(Exception):
    """A reply, or its lack, decides nothing; the message says why, as a clause without a full stop."""


def individual(item: Candidates, taken: Completion, kind: str, by: str) -> Verdict:
    """The verdict that takes a completion as it stands.

    Args:
        item: who agrees is read from its completions.
        taken: a completion that did not fail, not necessarily one of the item's.
        kind: of the aggregator.
        by: who took it, for messages, such as "the judge ann".

    Raises:
        Undecided: it answers a multiple-choice question with no option.
    """
    [ballot] = read_ballots(Candidates(query=item.query, completions=(taken,)))
    if item.query.choices and ballot.key is None:
        raise Undecided(f"No option could be extracted from the answer of {taken.expert}, whom {by} trusts")
    return Verdict(
        query_id=item.query.id,
        aggregator=kind,
        text=shown_text(taken),
        answer=ballot.answer,
        agreed=agreeing(read_ballots(item), ballot.key),
    )


def combined(item: Candidates, own: Completion, text: str, kind: str, *, strip: bool) -> Verdict:
    """The verdict that an LLM wrote.

    Args:
        item: who agrees is read from its completions.
        own: the LLM's completion.
        text: what of it answers the question.
        kind: of the aggregator.
        strip: leave thoughts out of what the user sees.

    Raises:
        Undecided: the text is empty, or answers a multiple-choice question with no option.
    """
    query, name = item.query, own.expert
    answer = extract_answer(text, query)
    shown = (without_thoughts(text) if strip else text).strip()
    if query.choices and answer is None:
        raise Undecided(f"No option could be extracted from the answer of aggregator {name}")
    if not shown:
        raise Undecided(f"The aggregator {name} wrote nothing")
    key = canonical(answer, query) if answer is not None else None
    return Verdict(
        query_id=query.id,
        aggregator=kind,
        text=shown,
        answer=answer,
        agreed=agreeing(read_ballots(item), key),
        notes=(f"The answer of aggregator {name} was cut off.",) if own.finish_reason == "length" else (),
    )
