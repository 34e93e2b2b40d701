"""An LLM of the pool reads all candidates and writes the answer: one round, one batch.

Knows no engine: it asks through the `generate` port. After Mixture-of-Agents (arXiv 2406.04692) and
Symbolic-MoE (arXiv 2503.05641), with a prompt in our own words. Where the aggregator itself fails,
or no option can be extracted from its answer, a vote over the candidates decides and the notes say
so: an aggregator must not turn answers at hand into none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.aggregator import Aggregator
from aggregators.ballots import agreeing, failed_verdict, read_ballots
from aggregators.config import SynthesisConfig, SynthesisPrompt, VoteKind
from aggregators.top import TopExpert
from aggregators.votes import MajorityVote, WeightedVote
from experts.completion import Completion
from experts.engine import Generate
from experts.errors import AggregationError
from experts.extraction import canonical, with_answer, without_thinking
from experts.prompts import question_block
from experts.query import Message
from experts.verdict import Candidates, Verdict


class Synthesis:
    """Asks `config.expert` to write each answer from the candidates."""

    def __init__(self, config: SynthesisConfig) -> None:
        """Store the configuration."""
        self.config = config

    @property
    def experts(self) -> tuple[str, ...]:
        """The aggregating expert."""
        return (self.config.expert,)

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `completion` is the aggregator's own, `support` is None unless a vote decided.

        Raises:
            AggregationError: there are candidates to read and no `generate`, or it returned fewer
                or more completions than it was asked for.
        """
        conversations = [self._conversation(item) for item in items]
        asked = [conversation for conversation in conversations if conversation]
        written = iter(self._generate(asked, generate)) if asked else iter(())
        return [
            self._verdict(item, next(written) if conversation else None)
            for item, conversation in zip(items, conversations, strict=True)
        ]

    def _generate(self, asked: list[tuple[Message, ...]], generate: Generate | None) -> list[Completion]:
        if generate is None:
            raise AggregationError(
                f"Aggregator 'synthesis' asks expert {self.config.expert!r}, so aggregate() needs `generate`."
            )
        written = generate(self.config.expert, asked, self.config.sampling)
        if len(written) != len(asked):
            raise AggregationError(
                f"`generate` returned {len(written)} completions for {len(asked)} conversations of "
                f"{self.config.expert!r}; it must return one each, in order."
            )
        return written

    def _conversation(self, item: Candidates) -> tuple[Message, ...]:
        """What the aggregator reads; () where no candidate has any text."""
        prompt, strip = self.config.prompt, self.config.strip_thinking
        shown = [(c.expert, _view(c.text, prompt, strip=strip)) for c in item.completions if c.ok]
        candidates = [
            prompt.candidate.format(expert=expert, index=index, text=text)
            for index, (expert, text) in enumerate(((e, t) for e, t in shown if t), start=1)
        ]
        if not candidates:
            return ()
        content = prompt.template.format(
            question=question_block(item.query),
            candidates=prompt.separator.join(candidates),
            instruction=prompt.choice_instruction if item.query.choices else prompt.open_instruction,
        )
        return (*_with_system(prompt.system, item.query.messages[:-1]), Message("user", content))

    def _verdict(self, item: Candidates, own: Completion | None) -> Verdict:
        query, name = item.query, self.config.expert
        if own is None:
            return self._fall_back(item, None, "No candidate had any text to read")
        own = with_answer(replace(own, query_id=query.id), query)
        text = (without_thinking(own.text) if self.config.strip_thinking else own.text).strip()
        if not own.ok:
            return self._fall_back(
                item, own, f"The aggregator {name} failed ({(own.error or '').rstrip('.')})"
            )
        if query.choices and own.answer is None:
            return self._fall_back(
                item, own, f"No option could be extracted from the answer of aggregator {name}"
            )
        if not text:
            return self._fall_back(item, own, f"The aggregator {name} wrote nothing")
        cut = (f"The answer of aggregator {name} was cut off.",) if own.finish_reason == "length" else ()
        key = canonical(own.answer, query) if own.answer is not None else None
        return Verdict(
            query_id=query.id,
            aggregator="synthesis",
            text=text,
            answer=own.answer,
            agreed=agreeing(read_ballots(item), key),
            completion=own,
            notes=cut,
        )

    def _fall_back(self, item: Candidates, own: Completion | None, reason: str) -> Verdict:
        if not any(c.ok for c in item.completions):
            return failed_verdict(item, "synthesis")
        [verdict] = _fallback(self.config.fallback).aggregate([item])
        note = f"{reason}, so the fall-back {self.config.fallback!r} decided."
        return replace(verdict, aggregator="synthesis", completion=own, notes=(note, *verdict.notes))


def _fallback(kind: VoteKind) -> Aggregator:
    votes: dict[VoteKind, Aggregator] = {
        "majority": MajorityVote(),
        "weighted": WeightedVote(),
        "top": TopExpert(),
    }
    return votes[kind]


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
