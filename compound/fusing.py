"""The fusing round of a call: verdicts for all queries, for some of them while others still wait for experts.

An aggregator that is an LLM needs a slot; where one stands idle before the experts' round has ended, the
queries that have all their answers are fused there at once. Knows no particular aggregator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aggregators.aggregator import Aggregator
from compound.asking import PoolCalls
from experts.completion import Completion
from experts.decision import RoutingDecision
from experts.query import Query
from experts.verdict import Candidates, Verdict


class Fusing:
    """Fuses the queries of one call; one use."""

    def __init__(
        self,
        calls: PoolCalls,
        aggregator: Aggregator,
        queries: Sequence[Query],
        decisions: Sequence[RoutingDecision],
        quorum: int,
    ) -> None:
        """Nothing is fused yet.

        Args:
            calls: the way to the pool.
            aggregator: fuses.
            queries: of the call.
            decisions: with the estimates, in the order of the queries.
            quorum: experts of which a query needs an answer; with fewer it fails.
        """
        self._calls, self._aggregator, self._quorum = calls, aggregator, quorum
        self._queries, self._decisions = queries, decisions
        self._verdicts: dict[int, Verdict] = {}
        self._ready: dict[int, tuple[Completion, ...]] = {}
        self._news = asyncio.Event()
        self._wave: asyncio.Task[None] | None = None
        self._early: asyncio.Task[None] | None = None

    def offer(self, i: int, completions: tuple[Completion, ...]) -> None:
        """A query has all its answers."""
        self._ready[i] = completions
        self._news.set()

    def begin(self, idle: Callable[[], Awaitable[object]]) -> None:
        """From now on fuse what is ready whenever `idle` returns, which it does while a slot stands idle."""
        self._early = asyncio.create_task(self._fuse_early(idle))

    async def finish(self, completions: Sequence[tuple[Completion, ...]]) -> list[Verdict]:
        """Verdicts of all queries in order, once all answers are there.

        Raises:
            AggregationError: what the aggregator raises.
        """
        if self._early is not None:
            self._early.cancel()
            await asyncio.gather(self._early, return_exceptions=True)
        if self._wave is not None:
            await self._wave
        await self._fuse({i: c for i, c in enumerate(completions) if i not in self._verdicts})
        return [self._verdicts[i] for i in range(len(self._queries))]

    def abandon(self) -> None:
        """Nobody waits for the verdicts any more."""
        for task in (self._early, self._wave):
            if task is not None:
                task.cancel()

    async def _fuse_early(self, idle: Callable[[], Awaitable[object]]) -> None:
        while True:
            await self._news.wait()
            await idle()
            self._news.clear()
            batch, self._ready = self._ready, {}
            self._wave = asyncio.create_task(self._fuse(batch))
            # A wave that has begun is finished, also where the experts' round ends meanwhile.
            await asyncio.shield(self._wave)

    async def _fuse(self, batch: Mapping[int, tuple[Completion, ...]]) -> None:
        # Where nobody answered, the aggregator itself says so, with everybody's reason.
        few = {i for i, answers in batch.items() if 0 < sum(a.ok for a in answers) < self._quorum}
        self._verdicts |= {i: self._too_few(i, batch[i]) for i in few}
        rest = [i for i in batch if i not in few]
        items = [candidates(self._queries[i], self._decisions[i], batch[i]) for i in rest]
        if items:
            verdicts = await self._calls.in_thread(
                lambda generate: self._aggregator.aggregate(items, generate=generate)
            )
            self._verdicts |= dict(zip(rest, verdicts, strict=True))

    def _too_few(self, i: int, completions: Sequence[Completion]) -> Verdict:
        answered = sum(a.ok for a in completions)
        reason = next((a.error for a in completions if a.error), "")
        return Verdict(
            query_id=self._queries[i].id,
            aggregator="none",
            text="",
            answer=None,
            error=f"{answered} of {len(completions)} experts answered, and quorum is {self._quorum}: "
            f"{reason}",
        )


def candidates(query: Query, decision: RoutingDecision, completions: tuple[Completion, ...]) -> Candidates:
    """What an aggregator is given; estimates only where they are probabilities."""
    estimates = decision.estimates if decision.calibrated else {}
    return Candidates(query=query, completions=completions, estimates=estimates)
