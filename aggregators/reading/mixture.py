"""Mixture of agents: layers of LLMs, each of which reads all that the layer before wrote.

After Mixture-of-Agents (arXiv 2406.04692; `togethercomputer/MoA`). The experts that the router chose are
the first layer, the proposers those in between, and one expert the last. The candidates stand in the user
message, not in the system message as there, so that they have no more authority than a question. A layer in
which everybody fails is passed over.
"""

from __future__ import annotations

from aggregators.reading.config import MixtureConfig
from aggregators.reading.reading import Reading
from aggregators.reading.rounds import Ask, Steps
from aggregators.reading.showing import conversation
from aggregators.reading.synthesis import WritingAggregator
from experts.extraction import with_answer
from experts.verdict import Verdict


class Mixture(WritingAggregator):
    """Has `config.proposers` improve on the candidates before `config.expert` writes the answer."""

    kind = "mixture"
    config: MixtureConfig

    @property
    def experts(self) -> tuple[str, ...]:
        """The aggregating expert and the proposers, each once."""
        return tuple(dict.fromkeys((self.config.expert, *self.config.proposers)))

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        prompt, query, layer = self.config.prompt, reading.item.query, reading.item.completions
        for number in range(2, self.config.layers):
            shown = self._show(reading, layer, prompt)
            messages = conversation(query, shown, prompt)
            proposers = self.config.proposers or (self.config.expert,)
            written = yield from self._ask(reading, [Ask(name, messages) for name in proposers])
            failed = [c.expert for c in written if not c.ok]
            reading.notes += [f"{name} failed as a proposer of layer {number}." for name in failed]
            if any(c.ok and c.text.strip() for c in written):
                layer = tuple(with_answer(c, query) for c in written)
        return (yield from self._write(reading, layer, prompt))
