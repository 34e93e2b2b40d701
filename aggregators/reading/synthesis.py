"""An LLM of the pool reads all candidates and writes the answer.

After Mixture-of-Agents (arXiv 2406.04692) and Symbolic-MoE (arXiv 2503.05641), with a prompt in our
own words. Where no option can be extracted from its answer, a vote over the candidates decides.
"""

from __future__ import annotations

from aggregators.ballots import agreeing, read_ballots
from aggregators.reading.config import SynthesisConfig
from aggregators.reading.reading import ReadingAggregator
from experts.completion import Completion
from experts.extraction import canonical, with_answer, without_thinking
from experts.verdict import Candidates, Verdict


class Synthesis(ReadingAggregator):
    """Asks `config.expert` to write each answer from the candidates."""

    kind = "synthesis"
    config: SynthesisConfig

    def _verdict(self, item: Candidates, own: Completion) -> Verdict:
        query, name = item.query, self.config.expert
        own = with_answer(own, query)
        text = (without_thinking(own.text) if self.config.strip_thinking else own.text).strip()
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
            aggregator=self.kind,
            text=text,
            answer=own.answer,
            agreed=agreeing(read_ballots(item), key),
            completion=own,
            notes=cut,
        )
