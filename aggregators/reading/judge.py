"""An LLM of the pool reads all candidates and names the one to trust; that one's answer is taken.

The answer itself is never copied by the LLM, so nothing can be miscopied, and a small model can judge
answers that it could not write. After LLM-Blender's ranking (arXiv 2306.02561) and the choice between
individual and combined answers of Multi-expert Prompting (arXiv 2411.00492), reduced to the individual
one. Where it names nobody who answered, a vote decides.
"""

from __future__ import annotations

import re

from aggregators.ballots import agreeing, read_ballots, shown_text
from aggregators.reading.config import JudgeConfig
from aggregators.reading.reading import ReadingAggregator, readable
from experts.completion import Completion
from experts.extraction import without_thinking
from experts.verdict import Candidates, Verdict


class Judge(ReadingAggregator):
    """Asks `config.expert` whose answer to take."""

    kind = "judge"
    config: JudgeConfig

    def _verdict(self, item: Candidates, own: Completion) -> Verdict:
        name = self.config.expert
        trusted = self._trusted(item, own.text)
        if trusted is None:
            return self._fall_back(item, own, f"The judge {name} named none of the candidates")
        ballots = read_ballots(item)
        ballot = next(b for b in ballots if b.completion is trusted)
        if item.query.choices and ballot.key is None:
            took = f"the answer of {trusted.expert}, whom the judge {name} trusts"
            return self._fall_back(item, own, f"No option could be extracted from {took}")
        return Verdict(
            query_id=item.query.id,
            aggregator=self.kind,
            text=shown_text(trusted),
            answer=ballot.answer,
            agreed=agreeing(ballots, ballot.key),
            completion=own,
        )

    def _trusted(self, item: Candidates, reply: str) -> Completion | None:
        """The candidate that the reply names last, by number or by the expert's name."""
        shown = [c for c, _ in readable(item, self.config.prompt, strip=self.config.strip_thinking)]
        named = re.findall(self.config.pattern, without_thinking(reply))
        if not named:
            return None
        last = named[-1].strip().rstrip(".").lower()
        by_name = {c.expert.lower(): c for c in reversed(shown)}
        if last in by_name:
            return by_name[last]
        return shown[int(last) - 1] if last.isdecimal() and 1 <= int(last) <= len(shown) else None
