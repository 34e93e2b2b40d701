"""The experts' round of a call: the chosen are asked; for one that cannot be had the next-ranked steps in.

Says when a query has all its answers, so that it can be fused early. Knows no router and no aggregator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from compound.asking import PoolCalls
from experts.completion import Completion, Request
from experts.decision import RoutingDecision
from experts.extraction import with_answer
from experts.prompts import PromptConfig, render_messages
from experts.query import Query

OnDone = Callable[[int, tuple[Completion, ...]], None]
_REPLACEMENTS = 3
"""Further rounds in which failed experts are replaced; each may cost switches."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request's place among the answers."""

    query: int
    place: int
    instead_of: str | None
    """The expert that could not be had."""


class ExpertRound:
    """Asks experts on behalf of a list of queries; one use."""

    def __init__(
        self,
        calls: PoolCalls,
        prompts: PromptConfig,
        queries: Sequence[Query],
        decisions: Sequence[RoutingDecision],
        on_done: OnDone,
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            calls: the way to the pool.
            prompts: how questions are put.
            queries: what is asked.
            decisions: who is asked, in the order of the queries. A name chosen twice is sampled twice.
            on_done: called with the position of a query and its answers once as many experts as were
                chosen have answered.
        """
        self._calls, self._prompts, self._queries, self._decisions = calls, prompts, queries, decisions
        self._on_done = on_done
        self._call = calls.new_call()
        self._answers: list[list[Completion | None]] = [[] for _ in queries]
        self._names: list[list[str]] = [[] for _ in queries]
        """Who has been asked, by query."""
        self._asked: dict[str, _Asked] = {}

    async def run(self) -> list[tuple[Completion, ...]]:
        """Answers of every query in ranked order, failures included; replacements stand behind the chosen."""
        first = [self._request(i, name, None) for i, d in enumerate(self._decisions) for name in d.chosen]
        await self._calls.run(first, on_completion=self._take)
        for _ in range(_REPLACEMENTS):
            more = self._replacements()
            if not more:
                break
            await self._calls.run(more, on_completion=self._take)
        return [tuple(self._complete(i)) for i in range(len(self._queries))]

    def _request(self, i: int, name: str, instead_of: str | None) -> Request:
        index = self._names[i].count(name)
        request_id = f"{self._call}/{self._queries[i].id}/{name}/{index}"
        self._asked[request_id] = _Asked(i, len(self._answers[i]), instead_of)
        self._answers[i].append(None)
        self._names[i].append(name)
        messages = render_messages(self._queries[i], self._prompts)
        return self._calls.request(request_id, self._queries[i].id, name, messages, sample_index=index)

    def _take(self, completion: Completion) -> None:
        asked = self._asked[completion.request_id]
        if asked.instead_of is not None:
            note = f"it was ranked next and took the place of {asked.instead_of}."
            completion = replace(completion, notes=(*completion.notes, note))
        answers = self._answers[asked.query]
        answers[asked.place] = with_answer(completion, self._queries[asked.query])
        if all(a is not None for a in answers) and not self._missing(asked.query):
            self._on_done(asked.query, tuple(self._complete(asked.query)))

    def _complete(self, i: int) -> list[Completion]:
        return [answer for answer in self._answers[i] if answer is not None]

    def _missing(self, i: int) -> int:
        """How many answers fewer there are than experts were chosen."""
        return len(self._decisions[i].chosen) - sum(a.ok for a in self._complete(i))

    def _replacements(self) -> list[Request]:
        gone = self._gone()
        requests = []
        for i, decision in enumerate(self._decisions):
            failed = [a.expert for a in self._complete(i) if not a.ok]
            free = [n for n in decision.ranked if n not in self._names[i] and n not in gone]
            # Those whose place was taken before, by experts that failed too, come first.
            for name, instead_of in zip(free, failed[len(failed) - self._missing(i) :], strict=False):
                requests.append(self._request(i, name, instead_of))
        return requests

    def _gone(self) -> set[str]:
        """Experts that have answered nothing of what they were asked: asking them more is in vain."""
        tried: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for i in range(len(self._queries)):
            for answer in self._complete(i):
                tried[answer.expert] += 1
                answered[answer.expert] += answer.ok
        return {name for name in tried if not answered[name]}
