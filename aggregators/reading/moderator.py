"""A moderator selects the two best candidates and may end the discussion; else experts answer again.

After SMoA (arXiv 2411.03284; `David-Li0406/SMoA`): sparse, because experts read two answers instead of all,
and because a round may be the last. As in its code, a reply that names no two candidates is replaced by a
seeded choice. Unlike there, the end of the discussion is also the end of the calls: of the two selected the
better one is taken, where they agree what both say.
"""

from __future__ import annotations

import random

from aggregators.reading.config import ModeratorConfig
from aggregators.reading.outcomes import individual
from aggregators.reading.reading import Reading
from aggregators.reading.rounds import Ask, Steps
from aggregators.reading.selection import Selection, read_selection
from aggregators.reading.showing import conversation
from aggregators.reading.synthesis import WritingAggregator
from experts.completion import Completion
from experts.extraction import with_answer
from experts.verdict import Verdict


class Moderator(WritingAggregator):
    """Has `config.expert` moderate the experts and, where they do not come to an end, write the answer."""

    kind = "moderator"
    config: ModeratorConfig

    @property
    def experts(self) -> tuple[str, ...]:
        """The moderator and the proposers, each once."""
        return tuple(dict.fromkeys((self.config.expert, *self.config.proposers)))

    def _decide(self, reading: Reading) -> Steps[Verdict]:
        completions = reading.item.completions
        for number in range(1, self.config.rounds + 1):
            selection = yield from self._select(reading, completions, number)
            completions = selection.best
            if selection.end:
                return individual(
                    reading.item, completions[0], self.kind, f"the moderator {self.config.expert}"
                )
            if number < self.config.rounds:
                completions = yield from self._again(reading, completions)
        return (yield from self._write(reading, completions, self.config.writing))

    def _select(self, reading: Reading, completions: tuple[Completion, ...], number: int) -> Steps[Selection]:
        prompt, query = self.config.prompt, reading.item.query
        shown = self._show(reading, completions, prompt)
        own = yield from self._reply(reading, conversation(query, shown, prompt, roles=self.config.roles))
        selection = read_selection(own.text, shown)
        if selection is not None:
            return selection
        wanted = sorted(
            random.Random(f"round {number} of {query.id}").sample(range(len(shown)), min(2, len(shown)))
        )
        best = tuple(shown[i].completion for i in wanted)
        names = " and ".join(c.expert for c in best)
        reading.notes.append(
            f"The moderator {own.expert} selected nobody in round {number}, so the lot fell on {names}."
        )
        return Selection(best, end=False)

    def _again(self, reading: Reading, selected: tuple[Completion, ...]) -> Steps[tuple[Completion, ...]]:
        """What the proposers write after reading the selected; the selected where all of them fail."""
        writing, query = self.config.writing, reading.item.query
        shown = self._show(reading, selected, writing)
        asks = [
            Ask(name, conversation(query, shown, writing, system=self._system(name)))
            for name in self.config.proposers or (self.config.expert,)
        ]
        written = yield from self._ask(reading, asks)
        reading.notes += [f"{c.expert} failed to answer again." for c in written if not c.ok]
        if not any(c.ok and c.text.strip() for c in written):
            return selected
        return tuple(with_answer(c, query) for c in written)

    def _system(self, name: str) -> str:
        """A proposer's role, before what all are told."""
        role, told = self.config.roles.get(name, ""), self.config.writing.system
        return "\n\n".join(part for part in (role, told) if part)
