"""An LLM of the pool reads all candidates and writes the answer: one round, one batch.

Knows no engine: it asks through the `generate` port. After Mixture-of-Agents (arXiv 2406.04692) and
Symbolic-MoE (arXiv 2503.05641), with a prompt in our own words. Where the aggregator itself fails,
or no option can be extracted from its answer, a vote over the candidates decides and the notes say
so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.ballots import agreeing, read_ballots
from aggregators.config import SynthesisConfig
from aggregators.reading import conversation, fallen_back, replies
from experts.completion import Completion
from experts.engine import Generate
from experts.extraction import canonical, with_answer, without_thinking
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
        config = self.config
        asked = [conversation(item, config.prompt, strip=config.strip_thinking) for item in items]
        written = replies(asked, generate, kind="synthesis", expert=config.expert, sampling=config.sampling)
        return [self._verdict(item, own) for item, own in zip(items, written, strict=True)]

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
        return fallen_back(item, own, reason, kind="synthesis", fallback=self.config.fallback)
