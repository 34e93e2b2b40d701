"""Who gave which answer to which question, as arrays: what a learned fusion sees.

Knows no texts, no gold answers and no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.ballots import Ballot, read_all_ballots
from aggregators.equivalence.equivalence import Equivalence
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
NO_ANSWER = -1
NOT_ASKED = -2
OPEN_OPTIONS = 100.0
"""Answers that an open question is taken to have, as in a weighted vote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """A way to read numbers from the text of a completion."""

    count: int
    read: Callable[[Completion, Query, str | None], Floats]
    """(completion, query, answer that was read from it) -> (count,)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerPatterns:
    """n questions and the m experts of a pool."""

    codes: Codes
    """(n, m) number of each expert's answer among the question's distinct ones, from 0 without gaps;
    NO_ANSWER where it answered nothing that could be read, NOT_ASKED where it was not asked or failed."""
    estimates: Floats
    """(n, m) the router's probability that the expert is right; NaN = unknown."""
    tokens: Floats
    """(n, m) completion tokens of the answer, or what stands for them; NaN = unknown."""
    certainty: Floats
    """(n, m) self-certainty of the answer, in nats; NaN = not measured."""
    options: Floats
    """(n,) how many answers the question allows."""
    letters: Floats
    """(n, d) place among the options of the answer of each number, from 0; NaN where the question is open
    or has no such number. Experts that guess prefer some places."""

    signals: NDArray[np.float64]
    """(n, m, f) signs in the texts (`aggregators.learned.text_signals`), NaN = not looked at; f = 0 where
    texts are not read."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def asked(self) -> NDArray[np.bool_]:
        """(n, m) whose completion is at hand."""
        asked: NDArray[np.bool_] = self.codes != NOT_ASKED
        return asked

    def take(self, rows: NDArray[np.int64]) -> AnswerPatterns:
        """Those of some questions, in the order given; rows may repeat."""
        return AnswerPatterns(
            codes=self.codes[rows],
            estimates=self.estimates[rows],
            tokens=self.tokens[rows],
            certainty=self.certainty[rows],
            options=self.options[rows],
            letters=self.letters[rows],
            signals=self.signals[rows],
        )

    def only(self, mask: NDArray[np.bool_]) -> AnswerPatterns:
        """As if only the experts of `mask` (n, m) had been asked. The numbers of answers stay."""
        return AnswerPatterns(
            codes=np.where(mask, self.codes, NOT_ASKED),
            estimates=self.estimates,
            tokens=self.tokens,
            certainty=self.certainty,
            options=self.options,
            letters=self.letters,
            signals=self.signals,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadItems:
    """Candidates as patterns, with the way back."""

    patterns: AnswerPatterns
    ballots: list[list[Ballot]]
    """Of each question, best-ranked first."""
    keys: list[tuple[str, ...]]
    """Of each question its distinct answers, by their number: in order of rank."""


def read_items(
    items: Sequence[Candidates],
    experts: Sequence[str],
    equivalence: Equivalence,
    signals: Signals | None = None,
) -> ReadItems:
    """Patterns of a batch.

    Args:
        items: queries with their completions.
        experts: the pool that a fusion was fitted on; answers of others are left out.
        equivalence: of answers to open questions.
        signals: what is read from the texts; None: nothing.

    Of several samples of one expert the answer that most of them gave stands for it, the first of equals;
    tokens and certainty are those of the first sample that gave it.
    """
    place = {name: j for j, name in enumerate(experts)}
    shape = (len(items), len(experts))
    codes = np.full(shape, NOT_ASKED, dtype=np.int64)
    estimates, tokens, certainty = (np.full(shape, np.nan) for _ in range(3))
    read = np.full((*shape, 0 if signals is None else signals.count), np.nan)
    ballots = read_all_ballots(items, equivalence)
    keys: list[tuple[str, ...]] = []
    for i, (item, own) in enumerate(zip(items, ballots, strict=True)):
        by_expert: dict[str, list[Ballot]] = {}
        for ballot in own:
            by_expert.setdefault(ballot.completion.expert, []).append(ballot)
        for name, p in item.estimates.items():
            if name in place:
                estimates[i, place[name]] = p
        numbers: dict[str, int] = {}
        for name, given in by_expert.items():
            if name not in place:
                continue
            ballot, j = _plurality(given), place[name]
            codes[i, j] = NO_ANSWER if ballot.key is None else numbers.setdefault(ballot.key, len(numbers))
            tokens[i, j] = ballot.completion.usage.completion_tokens or np.nan
            if ballot.completion.certainty is not None:
                certainty[i, j] = ballot.completion.certainty.self_certainty
            if signals is not None:
                read[i, j] = signals.read(ballot.completion, item.query, ballot.key)
        keys.append(tuple(numbers))
    patterns = AnswerPatterns(
        codes=codes,
        estimates=estimates,
        tokens=tokens,
        certainty=certainty,
        options=np.array([len(item.query.choices) or OPEN_OPTIONS for item in items], dtype=np.float64),
        letters=letter_places([item.query.letters for item in items], keys),
        signals=read,
    )
    return ReadItems(patterns=patterns, ballots=ballots, keys=keys)


def letter_places(letters: Sequence[str], keys: Sequence[Sequence[str]]) -> Floats:
    """(n, d) place of each distinct answer among the options; see `AnswerPatterns.letters`.

    Args:
        letters: of the options of each question; "" = open.
        keys: distinct answers of each question, by their number.
    """
    places = np.full((len(keys), max(map(len, keys), default=0)), np.nan)
    for i, (options, given) in enumerate(zip(letters, keys, strict=True)):
        for number, key in enumerate(given):
            if options and key in options:
                places[i, number] = options.index(key)
    return places


def _plurality(samples: Sequence[Ballot]) -> Ballot:
    """The first sample with the most frequent answer among those that have one."""
    if len(samples) == 1:
        return samples[0]
    votes = Counter(b.key for b in samples if b.key is not None)
    if not votes:
        return samples[0]
    most = max(votes.values())
    return next(b for b in samples if b.key is not None and votes[b.key] == most)
