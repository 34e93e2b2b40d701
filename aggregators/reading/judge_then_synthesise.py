"""An LLM assesses all candidates first, and writes a combined answer only where it says that this is better.

The choice between individual and combined answers is that of Multi-expert Prompting (arXiv 2411.00492), the
order of judging and writing that of OpenRouter's Fusion. The answer is written in a second turn of the same
conversation: the LLM has its own assessment before it, and an engine with a prefix cache reads the candidates
once. An assessment that names nothing leads to writing, since more has been read than a vote knows.
"""

from __future__ import annotations

from dataclasses import replace

from aggregators.reading.config import JudgeThenSynthesiseConfig
from aggregators.reading.naming import candidate_named, last_named
from aggregators.reading.outcomes import combined, individual
from aggregators.reading.reading import Reading, ReadingAggregator
from aggregators.reading.rounds import Steps
from aggregators.reading.showing import conversation
from aggregators.reading.thoughts import without_thoughts
from experts.extraction import with_answer
from experts.query import Message
from experts.verdict import Verdict

_BEST = r"(?i)best response\W*(?:is\W+)?(?:the\W+)?(?:response\W*|number\W*)?([\w.-]+)"


class JudgeThenSynthesise(ReadingAggregator):
    """Asks `config.expert` for the best answer, and for a combined one only where none is best."""

    kind = "judge_then_synthesise"
    config: JudgeThenSynthesiseConfig

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        prompt, query = self.config.prompt, reading.item.query
        shown = self._show(reading, reading.item.completions, prompt)
        messages = conversation(query, shown, prompt)
        assessment = yield from self._reply(reading, messages)
        label = last_named(assessment.text, _BEST)
        best = candidate_named(label, shown) if label else None
        if best is not None:
            return individual(reading.item, best, self.kind, f"the judge {self.config.expert}")
        turns = (
            Message("assistant", without_thoughts(assessment.text).strip()),
            Message("user", prompt.choice_writing if query.choices else prompt.open_writing),
        )
        own = yield from self._reply(reading, (*messages, *turns))
        verdict = combined(reading.item, own, own.text, self.kind, strip=self.config.strip_thinking)
        return replace(verdict, completion=with_answer(own, query))
