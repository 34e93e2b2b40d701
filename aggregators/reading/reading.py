"""Aggregators in which an LLM of the pool reads all candidates: what it reads, and how it is asked.

One round, one batch through the `generate` port. Where the LLM fails, a vote decides and the notes
say so: an aggregator must not turn answers at hand into none. Knows nothing of what a reply means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from aggregators.aggregator import Aggregator
from aggregators.ballots import failed_verdict
from aggregators.reading.config import JudgeConfig, SynthesisConfig, SynthesisPrompt
from aggregators.votes.config import VoteKind
from aggregators.votes.counting import MajorityVote, WeightedVote
from aggregators.votes.top import TopExpert
from experts.completion import Completion
from experts.engine import Generate
from experts.errors import AggregationError
from experts.extraction import without_thinking
from experts.prompts import question_block
from experts.query import Message
from experts.verdict import Candidates, Verdict


class ReadingAggregator(ABC):
    """Has `config.expert` read the candidates of every query; what its reply means is a subclass's."""

    kind: ClassVar[str]

    def __init__(self, config: SynthesisConfig | JudgeConfig) -> None:
        """Store the configuration."""
        self.config = config

    @property
    def experts(self) -> tuple[str, ...]:
        """The aggregating expert."""
        return (self.config.expert,)

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `completion` is the LLM's own, `support` is None unless a vote decided.

        Raises:
            AggregationError: there are candidates to read and no `generate`, or it returned fewer
                or more completions than it was asked for.
        """
        prompt, strip = self.config.prompt, self.config.strip_thinking
        conversations = [conversation(item, prompt, strip=strip) for item in items]
        asked = [messages for messages in conversations if messages]
        written = iter(self._generate(asked, generate)) if asked else iter(())
        return [
            self._checked(item, next(written) if messages else None)
            for item, messages in zip(items, conversations, strict=True)
        ]

    @abstractmethod
    def _verdict(self, item: Candidates, own: Completion) -> Verdict:
        """What a reply that did not fail says."""

    def _checked(self, item: Candidates, own: Completion | None) -> Verdict:
        if own is None:
            return self._fall_back(item, None, "No candidate had any text to read")
        own = replace(own, query_id=item.query.id)
        if not own.ok:
            reason = f"The aggregator {self.config.expert} failed ({(own.error or '').rstrip('.')})"
            return self._fall_back(item, own, reason)
        return self._verdict(item, own)

    def _generate(self, asked: list[tuple[Message, ...]], generate: Generate | None) -> list[Completion]:
        expert = self.config.expert
        if generate is None:
            raise AggregationError(
                f"Aggregator {self.kind!r} asks expert {expert!r}, so aggregate() needs `generate`."
            )
        written = generate(expert, asked, self.config.sampling)
        if len(written) != len(asked):
            raise AggregationError(
                f"`generate` returned {len(written)} completions for {len(asked)} conversations of "
                f"{expert!r}; it must return one each, in order."
            )
        return written

    def _fall_back(self, item: Candidates, own: Completion | None, reason: str) -> Verdict:
        """The verdict of a vote in the aggregator's place, with a note that says why."""
        if not any(c.ok for c in item.completions):
            return failed_verdict(item, self.kind)
        votes: dict[VoteKind, Aggregator] = {
            "majority": MajorityVote(),
            "weighted": WeightedVote(),
            "top": TopExpert(),
        }
        [verdict] = votes[self.config.fallback].aggregate([item])
        note = f"{reason}, so the fall-back {self.config.fallback!r} decided."
        return replace(verdict, aggregator=self.kind, completion=own, notes=(note, *verdict.notes))


def readable(item: Candidates, prompt: SynthesisPrompt, *, strip: bool) -> list[tuple[Completion, str]]:
    """The candidates that are shown, each with what of it is shown; those without text are left out."""
    shown = [(c, _view(c.text, prompt, strip=strip)) for c in item.completions if c.ok]
    return [(completion, text) for completion, text in shown if text]


def conversation(item: Candidates, prompt: SynthesisPrompt, *, strip: bool) -> tuple[Message, ...]:
    """What the aggregator reads; () where no candidate has any text.

    Args:
        item: the query with its completions.
        prompt: templates; `{index}` counts the candidates of `readable` from 1.
        strip: leave out what stands before `</think>`.
    """
    candidates = [
        prompt.candidate.format(expert=completion.expert, index=index, text=text)
        for index, (completion, text) in enumerate(readable(item, prompt, strip=strip), start=1)
    ]
    if not candidates:
        return ()
    content = prompt.template.format(
        question=question_block(item.query),
        candidates=prompt.separator.join(candidates),
        instruction=prompt.choice_instruction if item.query.choices else prompt.open_instruction,
    )
    return (*_with_system(prompt.system, item.query.messages[:-1]), Message("user", content))


def _view(text: str, prompt: SynthesisPrompt, *, strip: bool) -> str:
    """What of a candidate is shown; empty where nothing is left."""
    body = (without_thinking(text) if strip else text).strip()
    if prompt.candidate_view == "last_line":
        body = body.rpartition("\n")[2].strip()
    cut = len(body) - prompt.max_candidate_chars
    return f"[...] {body[cut:]}" if cut > 0 else body


def _with_system(system: str, history: Sequence[Message]) -> tuple[Message, ...]:
    """Earlier turns behind the system message; one that is there already is joined, not doubled."""
    if not system:
        return tuple(history)
    if history and history[0].role == "system":
        return (Message("system", f"{system}\n\n{history[0].content}"), *history[1:])
    return (Message("system", system), *history)
