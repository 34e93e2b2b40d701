"""Aggregators in which LLMs of the pool read the candidates: how they are asked, and what if they fail.

Every kind describes the steps of one query; the queries of a batch take them in lock-step, one call a round
and expert. There is one fall-back: where an LLM fails or its reply decides nothing, a vote decides and the
notes say so, because an aggregator must not turn answers at hand into none. Knows nothing of what a reply
means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from aggregators.aggregator import Aggregator
from aggregators.ballots import failed_verdict
from aggregators.reading.config import ReadingSettings
from aggregators.reading.guard import steered_by, without
from aggregators.reading.outcomes import Undecided
from aggregators.reading.prompts import ReadingPrompt
from aggregators.reading.rounds import Ask, Steps, run_rounds
from aggregators.reading.showing import Shown, shown_candidates
from aggregators.votes.config import VoteKind
from aggregators.votes.counting import MajorityVote, WeightedVote
from aggregators.votes.top import TopExpert
from experts.completion import Completion
from experts.engine import Generate
from experts.errors import AggregationError
from experts.query import Message
from experts.verdict import Candidates, Verdict

_LONGEST_QUOTE = 80
_FALLEN_BACK = "so the fall-back "


@dataclass
class Reading:
    """One query on its way to a verdict."""

    item: Candidates
    written: list[Completion] = field(default_factory=list)
    """What LLMs wrote so far, failures included."""
    seen: list[Completion] = field(default_factory=list)
    """What LLMs read, each once."""
    suspects: list[Completion] = field(default_factory=list)
    """What of it has a sentence that instructs the reader."""
    notes: list[str] = field(default_factory=list)


class ReadingAggregator(ABC):
    """Has `config.expert` read the candidates of every query; what its replies mean is a subclass's."""

    kind: ClassVar[str]

    def __init__(self, config: ReadingSettings) -> None:
        """Store the configuration."""
        self.config = config

    @property
    def experts(self) -> tuple[str, ...]:
        """The aggregating expert, and who else is asked."""
        return (self.config.expert,)

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `completion` is the last that an LLM wrote and `earlier` those before.

        `support` is None unless a vote decided.

        Raises:
            AggregationError: there are candidates to read and no `generate`, or it returned fewer
                or more completions than it was asked for.
        """
        return run_rounds(
            [self._steps(item) for item in items],
            lambda expert, asked: self._generate(expert, asked, generate),
        )

    @abstractmethod
    def _decide(self, reading: Reading) -> Steps[Verdict]:
        """The steps of one query; raises `Undecided` where a vote is to decide."""

    def _steps(self, item: Candidates) -> Steps[Verdict]:
        reading = Reading(item)
        try:
            verdict = yield from self._decide(reading)
        except Undecided as undecided:
            return _signed(self._fall_back(item, str(undecided)), reading)
        blamed = steered_by(verdict, item, reading.seen, reading.suspects)
        if blamed:
            names = ", ".join(dict.fromkeys(c.expert for c in blamed))
            reason = f"Nobody but {names}, who tried to instruct the reader, supports the LLM's answer"
            verdict = self._fall_back(without(item, reading.suspects), reason)
        return _signed(verdict, reading)

    def _show(
        self, reading: Reading, completions: Sequence[Completion], prompt: ReadingPrompt
    ) -> list[Shown]:
        """What is shown of completions; who instructs the reader is remembered and noted."""
        config, query = self.config, reading.item.query
        shown = shown_candidates(query, completions, prompt, strip=config.strip_thinking, guard=config.guard)
        if not shown:
            raise Undecided("No candidate had any text to read")
        for one in shown:
            if any(one.completion is c for c in reading.seen):
                continue
            reading.seen.append(one.completion)
            if one.left_out:
                reading.suspects.append(one.completion)
                reading.notes += [_left_out(one.completion.expert, sentence) for sentence in one.left_out]
        return shown

    def _ask(self, reading: Reading, asks: list[Ask]) -> Steps[list[Completion]]:
        """Completions, failures included, in the order of the asks; all are kept for the verdict."""
        replies = yield asks
        written = [replace(reply, query_id=reading.item.query.id) for reply in replies]
        reading.written += written
        return written

    def _reply(self, reading: Reading, messages: tuple[Message, ...]) -> Steps[Completion]:
        """What the aggregating expert replies; raises `Undecided` where it failed."""
        [own] = yield from self._ask(reading, [Ask(self.config.expert, messages)])
        if not own.ok:
            raise Undecided(f"The aggregator {own.expert} failed ({(own.error or '').rstrip('.')})")
        return own

    def _generate(
        self, expert: str, asked: list[tuple[Message, ...]], generate: Generate | None
    ) -> list[Completion]:
        if generate is None:
            raise AggregationError(
                f"Aggregator {self.kind!r} asks expert {expert!r}, so aggregate() needs `generate`."
            )
        written = generate(expert, asked, self.config.sampling if expert == self.config.expert else None)
        if len(written) != len(asked):
            raise AggregationError(
                f"`generate` returned {len(written)} completions for {len(asked)} conversations of "
                f"{expert!r}; it must return one each, in order."
            )
        return written

    def _fall_back(self, item: Candidates, reason: str) -> Verdict:
        """The verdict of a vote in the aggregator's place, with a note that says why."""
        if not any(c.ok for c in item.completions):
            return failed_verdict(item, self.kind)
        votes: dict[VoteKind, Aggregator] = {
            "majority": MajorityVote(),
            "weighted": WeightedVote(),
            "top": TopExpert(),
        }
        [verdict] = votes[self.config.fallback].aggregate([item])
        note = f"{reason}, {_FALLEN_BACK}{self.config.fallback!r} decided."
        return replace(verdict, aggregator=self.kind, notes=(note, *verdict.notes))


def fell_back(verdict: Verdict) -> bool:
    """Whether a vote decided in the place of an LLM."""
    return any(_FALLEN_BACK in note for note in verdict.notes)


def _signed(verdict: Verdict, reading: Reading) -> Verdict:
    """The verdict with what LLMs wrote on the way to it, and what happened."""
    last = verdict.completion or (reading.written[-1] if reading.written else None)
    notes = (*verdict.notes, *reading.notes)
    return replace(verdict, completion=last, earlier=tuple(reading.written[:-1]), notes=notes)


def _left_out(expert: str, sentence: str) -> str:
    quote = sentence if len(sentence) <= _LONGEST_QUOTE else f"{sentence[:_LONGEST_QUOTE]}..."
    return f"A sentence of {expert} that instructs its reader was not shown to the aggregator: {quote!r}."
