"""An LLM of the pool reads all candidates and writes the answer.

After Mixture-of-Agents (arXiv 2406.04692) and Symbolic-MoE (arXiv 2503.05641), with a prompt in our
own words. Where no option can be extracted from its answer, a vote over the candidates decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.reading.config import SynthesisConfig
from aggregators.reading.outcomes import combined
from aggregators.reading.prompts import SynthesisPrompt
from aggregators.reading.reading import Reading, ReadingAggregator
from aggregators.reading.rounds import Steps
from aggregators.reading.showing import conversation
from experts.completion import Completion
from experts.extraction import with_answer
from experts.verdict import Verdict


class WritingAggregator(ReadingAggregator):
    """A reading aggregator that has `config.expert` write the answer in the end."""

    def _write(
        self, reading: Reading, completions: Sequence[Completion], prompt: SynthesisPrompt
    ) -> Steps[Verdict]:
        """The answer that the aggregating expert writes from completions."""
        shown = self._show(reading, completions, prompt)
        own = yield from self._reply(reading, conversation(reading.item.query, shown, prompt))
        verdict = combined(reading.item, own, own.text, self.kind, strip=self.config.strip_thinking)
        return replace(verdict, completion=with_answer(own, reading.item.query))


class Synthesis(WritingAggregator):
    """Asks `config.expert` to write each answer from the candidates."""

    kind = "synthesis"
    config: SynthesisConfig

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        return (yield from self._write(reading, reading.item.completions, self.config.prompt))
