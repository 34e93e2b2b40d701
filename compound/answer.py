"""What a user gets back: the answer to one query with everything that led to it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from experts.completion import Completion, Usage
from experts.decision import RoutingDecision
from experts.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Wall seconds of the call that the query was part of; queries of one call share them."""

    route: float = 0.0
    """Routing, skill annotation included."""
    generate: float = 0.0
    """Experts' answers, switches included."""
    aggregate: float = 0.0
    """Fusing, the aggregator LLM included."""

    @property
    def total(self) -> float:
        """Sum of the stages."""
        return self.route + self.generate + self.aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The fused answer to one query."""

    query_id: str
    text: str
    """What to show, where the aggregator abstained a sentence that says so; empty only with `error`."""
    answer: str | None
    """The letter, or the open answer's text; None: the text states none that could be extracted, or the
    aggregator abstained."""
    verdict: Verdict
    """How the aggregator came to it."""
    decision: RoutingDecision
    """Which experts were chosen, and why."""
    completions: tuple[Completion, ...]
    """One per sample of every expert asked, in ranked order; failures included."""
    usage: Usage
    """Sum over the experts and the aggregator (skill annotation is shared by a batch and not in it)."""
    timings: Timings = field(default_factory=Timings)
    warnings: tuple[str, ...] = ()
    """What went differently from plan: experts that failed, answers cut off, fall-backs."""
    stopped: str | None = None
    """How many experts were asked and why no more; None: all of the chosen at once."""
    error: str | None = None
    """One sentence where there is no answer. An answer that is withheld is no error: see `abstained`."""

    @property
    def abstained(self) -> str | None:
        """One sentence on why an answer is withheld though there were some; None: it is not."""
        return self.verdict.abstained

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        row = dataclasses.asdict(self)
        row["timings"]["total"] = self.timings.total
        row["abstained"] = self.abstained
        return row


def assemble(
    decision: RoutingDecision,
    completions: tuple[Completion, ...],
    verdict: Verdict,
    timings: Timings,
    stopped: str | None = None,
) -> Answer:
    """The answer from its parts; `stopped` as in `Answer`."""
    own = (*verdict.earlier, *((verdict.completion,) if verdict.completion is not None else ()))
    return Answer(
        query_id=decision.query_id,
        text=verdict.text,
        answer=verdict.answer,
        verdict=verdict,
        decision=decision,
        completions=completions,
        usage=sum((c.usage for c in (*completions, *own)), Usage()),
        timings=timings,
        warnings=tuple(_warnings(completions, verdict)),
        stopped=stopped,
        error=verdict.error,
    )


def _warnings(completions: tuple[Completion, ...], verdict: Verdict) -> list[str]:
    warnings = [f"{c.expert} did not answer: {c.error}" for c in completions if c.error]
    warnings += [
        f"{c.expert}'s answer was cut off after {c.usage.completion_tokens} tokens (max_tokens or context)."
        for c in completions
        if c.finish_reason == "length"
    ]
    warnings += [f"{c.expert}: {note}" for c in completions for note in c.notes]
    return [*warnings, *verdict.notes]
