"""The experts' round in waves: a few are asked, and further ones only for queries that need them.

All queries that go on are asked together, so that an expert is made resident at most once a wave. Waves
follow the order in which experts were chosen. Knows no particular rule of stopping and no aggregator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from compound.asking import PoolCalls
from compound.expert_round import ExpertRound, OnDone
from compound.fusing import candidates
from compound.stopping import NextExpert, StoppingRule
from compound.stopping_config import StoppingConfig, WorthStoppingConfig
from experts.completion import Completion
from experts.config import ExpertConfig
from experts.decision import RoutingDecision
from experts.prompts import PromptConfig
from experts.query import Query
from experts.verdict import Candidates

CostOf = Callable[[RoutingDecision, str], float]
"""What asking an expert of a decision costs, in the unit of the rule."""


class Waves:
    """Asks experts on behalf of a list of queries until each has enough; one use."""

    def __init__(
        self,
        calls: PoolCalls,
        prompts: PromptConfig,
        queries: Sequence[Query],
        decisions: Sequence[RoutingDecision],
        on_done: OnDone,
        *,
        config: StoppingConfig,
        rule: StoppingRule,
        cost_of: CostOf,
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            calls: the way to the pool.
            prompts: how questions are put.
            queries: what is asked.
            decisions: who may be asked, in the order of the queries: all of `chosen` at most.
            on_done: called with the position of a query and its answers once no more experts are asked.
            config: sizes of the waves.
            rule: decides after each wave which queries go on.
            cost_of: what experts cost.
        """
        self._round = ExpertRound(calls, prompts, queries, decisions, self._offer)
        self._queries, self._decisions, self._on_done = queries, decisions, on_done
        self._config, self._rule, self._cost_of = config, rule, cost_of
        self._wanted: dict[int, int] = {}
        self.stopped: list[str | None] = [None] * len(queries)
        """Why every query asked no more experts, in one sentence; set when `run` has ended."""

    async def run(self) -> list[tuple[Completion, ...]]:
        """Answers of every query in the order of asking, failures included."""
        wave = {i: self._at_most(i, self._config.first) for i in range(len(self._queries))}
        while wave:
            self._wanted |= wave
            await self._round.ask(wave)
            going = [i for i in wave if wave[i] < len(self._decisions[i].chosen) and self._round.left(i)]
            for i in wave.keys() - going:
                self.stopped[i] = self._words(i, "there was nobody else to ask")
            reasons = await asyncio.to_thread(self._rule.reasons, *self._state(going)) if going else []
            wave = {}
            for i, reason in zip(going, reasons, strict=True):
                if reason is None:
                    wave[i] = self._at_most(i, self._wanted[i] + self._config.step)
                else:
                    self.stopped[i] = self._words(i, reason)
                    self._on_done(i, self._round.answers(i))
        return [self._round.answers(i) for i in range(len(self._queries))]

    def _offer(self, i: int, completions: tuple[Completion, ...]) -> None:
        """Before the last wave only the rule knows whether a query is done."""
        if self._wanted[i] == len(self._decisions[i].chosen):
            self._on_done(i, completions)

    def _at_most(self, i: int, wanted: int) -> int:
        return min(wanted, len(self._decisions[i].chosen))

    def _state(self, going: Sequence[int]) -> tuple[list[Candidates], list[list[NextExpert]]]:
        """What the rule is told."""
        items = [candidates(self._queries[i], self._decisions[i], self._round.answers(i)) for i in going]
        following = [
            [NextExpert(name, self._cost_of(self._decisions[i], name)) for name in self._round.left(i)]
            for i in going
        ]
        return items, following

    def _words(self, i: int, reason: str) -> str:
        asked, most = len(self._round.answers(i)), len(self._decisions[i].chosen)
        if self._wanted[i] == most:
            reason = "as many as were chosen"
        return f"{asked} of at most {most} experts were asked: {reason}."


def cost_of(config: StoppingConfig, experts: Mapping[str, ExpertConfig]) -> CostOf:
    """Costs in the unit of a rule: 1 a call, or US dollars of the completion that is expected."""
    if not isinstance(config, WorthStoppingConfig) or config.unit == "calls":
        return lambda decision, name: 1.0

    def usd(decision: RoutingDecision, name: str) -> float:
        expert = experts[name]
        tokens = decision.tokens.get(name, expert.sampling.max_tokens)
        return tokens * expert.price.completion_usd_per_million / 1e6

    return usd
