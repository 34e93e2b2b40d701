"""The experts' round of a call: the chosen are asked; for one that cannot be had the next-ranked steps in.

Says when a query has all its answers, so that it can be fused early. Can be asked in waves; which queries
go on is not decided here. Knows no router and no aggregator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
    """Asks experts on behalf of a list of queries; `run` once, or `ask` in waves."""

    def __init__(
        self,
        calls: PoolCalls,
        prompts: PromptConfig,
        queries: Sequence[Query],
        decisions: Sequence[RoutingDecision],
        on_done: OnDone,
    ) -> None:
        """Nothing is asked before `run` or `ask`.

        Args:
            calls: the way to the pool.
            prompts: how questions are put.
            queries: what is asked.
            decisions: who is asked, in the order of the queries. A name chosen twice is sampled twice.
            on_done: called with the position of a query and its answers once as many experts as are wanted
                have answered.
        """
        self._calls, self._prompts, self._queries, self._decisions = calls, prompts, queries, decisions
        self._on_done = on_done
        self._call = calls.new_call()
        self._wanted = [0] * len(queries)
        self._answers: list[list[Completion | None]] = [[] for _ in queries]
        self._left = [[*d.chosen, *(n for n in d.ranked if n not in d.chosen)] for d in decisions]
        """Who has not been asked, by query: the chosen first."""
        self._samples: Counter[tuple[int, str]] = Counter()
        self._asked: dict[str, _Asked] = {}
        self._tried: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()

    async def run(self) -> list[tuple[Completion, ...]]:
        """Answers of every query in ranked order, failures included; replacements stand behind the chosen."""
        await self.ask({i: len(decision.chosen) for i, decision in enumerate(self._decisions)})
        return [self.answers(i) for i in range(len(self._queries))]

    async def ask(self, wanted: Mapping[int, int]) -> None:
        """Ask until queries have so many answers each, or there is nobody left for them.

        Args:
            wanted: position of a query -> answers in all, those from earlier waves included.
        """
        for i, number in wanted.items():
            self._wanted[i] = number
        await self._run([r for i in wanted for r in self._wave(i)])
        for _ in range(_REPLACEMENTS):
            more = [r for i in wanted for r in self._replacements(i)]
            if not more:
                break
            await self._run(more)

    def answers(self, i: int) -> tuple[Completion, ...]:
        """Of a query, in the order of asking, failures included."""
        return tuple(answer for answer in self._answers[i] if answer is not None)

    def left(self, i: int) -> list[str]:
        """Who would be asked next about a query, in order: neither who failed with it nor who is gone."""
        failed = {a.expert for a in self.answers(i) if not a.ok}
        return [name for name in self._left[i] if name not in failed and not self._gone(name)]

    async def _run(self, requests: Sequence[Request]) -> None:
        if requests:
            await self._calls.run(requests, on_completion=self._take)

    def _wave(self, i: int) -> list[Request]:
        """As many requests as answers are missing; experts that are gone by now are passed over."""
        requests = []
        for name in self.left(i)[: self._missing(i)]:
            before = self._left[i][: self._left[i].index(name)]
            gone = next((n for n in before if self._gone(n)), None)
            if gone is not None:
                self._left[i].remove(gone)
            requests.append(self._request(i, name, gone))
        return requests

    def _replacements(self, i: int) -> list[Request]:
        failed = [a.expert for a in self.answers(i) if not a.ok]
        # Those whose place was taken before, by experts that failed too, come first.
        unreplaced = failed[max(len(failed) - self._missing(i), 0) :]
        return [self._request(i, *pair) for pair in zip(self.left(i), unreplaced, strict=False)]

    def _request(self, i: int, name: str, instead_of: str | None) -> Request:
        index = self._samples[i, name]
        self._samples[i, name] += 1
        self._left[i].remove(name)
        request_id = f"{self._call}/{self._queries[i].id}/{name}/{index}"
        self._asked[request_id] = _Asked(i, len(self._answers[i]), instead_of)
        self._answers[i].append(None)
        messages = render_messages(self._queries[i], self._prompts, index)
        return self._calls.request(request_id, self._queries[i].id, name, messages, sample_index=index)

    def _take(self, completion: Completion) -> None:
        asked = self._asked[completion.request_id]
        if asked.instead_of is not None:
            note = f"it was ranked next and took the place of {asked.instead_of}."
            completion = replace(completion, notes=(*completion.notes, note))
        self._tried[completion.expert] += 1
        self._answered[completion.expert] += completion.ok
        answers = self._answers[asked.query]
        answers[asked.place] = with_answer(completion, self._queries[asked.query])
        if all(a is not None for a in answers) and not self._missing(asked.query):
            self._on_done(asked.query, self.answers(asked.query))

    def _missing(self, i: int) -> int:
        """How many answers fewer there are than are wanted."""
        return self._wanted[i] - sum(a.ok for a in self.answers(i))

    def _gone(self, name: str) -> bool:
        """Whether an expert has answered nothing of what it was asked: asking it more is in vain."""
        return self._tried[name] > 0 and not self._answered[name]
