"""An LLM of the pool reads all candidates and names the one to trust; that one's answer is taken.

The answer itself is never copied by the LLM, so nothing can be miscopied, and a small model can judge
answers that it could not write. After LLM-Blender's ranking (arXiv 2306.02561) and the choice between
individual and combined answers of Multi-expert Prompting (arXiv 2411.00492), reduced to the individual
one. Where it names nobody who answered, a vote decides.
"""

from __future__ import annotations

from aggregators.reading.config import JudgeConfig
from aggregators.reading.naming import candidate_named, last_named
from aggregators.reading.outcomes import Undecided, individual
from aggregators.reading.reading import Reading, ReadingAggregator
from aggregators.reading.rounds import Steps
from aggregators.reading.showing import conversation
from experts.verdict import Verdict


class Judge(ReadingAggregator):
    """Asks `config.expert` whose answer to take."""

    kind = "judge"
    config: JudgeConfig

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        prompt, judge = self.config.prompt, f"the judge {self.config.expert}"
        shown = self._show(reading, reading.item.completions, prompt)
        own = yield from self._reply(reading, conversation(reading.item.query, shown, prompt))
        label = last_named(own.text, self.config.pattern)
        trusted = candidate_named(label, shown) if label else None
        if trusted is None:
            raise Undecided(f"T{judge[1:]} named none of the candidates")
        return individual(reading.item, trusted, self.kind, judge)
