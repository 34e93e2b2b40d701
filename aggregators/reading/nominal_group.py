"""The seven steps of the nominal group technique in one call: agree, dispute, settle, combine, choose.

After Multi-expert Prompting (arXiv 2411.00492, section 3.2), whose last step, the choice between the single
answers and the combined one, guards against a bad synthesis; there the experts are roles of one LLM, here
they are different LLMs. A single answer that is chosen is taken as it stands instead of being copied.
"""

from __future__ import annotations

import re
from dataclasses import replace

from aggregators.reading.config import NominalGroupConfig
from aggregators.reading.naming import candidate_named, last_named
from aggregators.reading.outcomes import Undecided, combined, individual
from aggregators.reading.reading import Reading, ReadingAggregator
from aggregators.reading.rounds import Steps
from aggregators.reading.showing import Shown, conversation
from aggregators.reading.thoughts import without_thoughts
from experts.completion import Completion
from experts.extraction import with_answer
from experts.verdict import Candidates, Verdict

_CHOICE = r"(?i)final choice\W*(?:is\W+)?(?:the\W+)?(?:response\W*|number\W*)?([\w.-]+)"
_COMBINED = re.compile(r"(?i)combined answer\W{0,3}:[*_ \t]*")
_AFTER = re.compile(r"(?im)(?:^[^\n\w]{0,8}(?:7[^\n\w]{0,4})?)?[*_]{0,2}final choice")


class NominalGroup(ReadingAggregator):
    """Has `config.expert` lead the experts' answers to one result."""

    kind = "nominal_group"
    config: NominalGroupConfig

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        prompt = self.config.prompt
        shown = self._show(reading, reading.item.completions, prompt)
        own = yield from self._reply(reading, conversation(reading.item.query, shown, prompt))
        verdict = self._chosen(reading.item, own, shown)
        return replace(verdict, completion=with_answer(own, reading.item.query))

    def _chosen(self, item: Candidates, own: Completion, shown: list[Shown]) -> Verdict:
        label = last_named(own.text, _CHOICE)
        taken = candidate_named(label, shown) if label else None
        if taken is not None:
            return individual(item, taken, self.kind, f"the aggregator {self.config.expert}")
        if item.query.choices:  # the letter stands at the end of the reply, after the choice
            verdict = combined(item, own, own.text, self.kind, strip=True)
            return replace(verdict, text=combined_answer(own.text) or verdict.text)
        text = combined_answer(own.text)
        if text is None:
            raise Undecided(f"The aggregator {self.config.expert} chose no answer and wrote none")
        return combined(item, own, text, self.kind, strip=True)


def combined_answer(reply: str) -> str | None:
    """What stands behind the last "Combined answer:", up to the final choice; None: nothing does."""
    text = without_thoughts(reply)
    found = list(_COMBINED.finditer(text))
    if not found:
        return None
    rest = text[found[-1].end() :]
    after = _AFTER.search(rest)
    return (rest[: after.start()] if after else rest).strip() or None
