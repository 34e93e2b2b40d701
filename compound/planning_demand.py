"""Who will be asked how much: the rounds of a run, before anything runs.

    route      where an LLM annotates or ranks: every question to it
    generate   the k experts of every question
    aggregate  where LLMs aggregate: every question with its candidates, as often as it may be asked

Knows prompts, routers and configured prices, but neither slots nor seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aggregators.aggregator import Aggregator
from compound.choosing import choose_experts, expert_costs
from compound.config import SystemConfig
from compound.planning_aggregation import asked_by
from compound.planning_llms import asked_llm
from compound.planning_shares import routing_fingerprint
from compound.repeating import repeats
from experts.config import Price
from experts.prompts import render_messages
from experts.query import Query
from experts.sampling import SamplingConfig
from experts.scheduling.costs import CostBook
from experts.scheduling.first_guesses import CHARACTERS_PER_TOKEN
from routers.build import build_router
from routers.router import check_k

RoundName = Literal["route", "generate", "aggregate"]
RoutingBasis = Literal["routed", "last run", "equal shares"]
"""How it is known who will be asked: the router has decided, as it does without an LLM; or in the
shares of the last run of this configuration; or everybody is taken to be asked equally often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one round asks of one expert, in expectation."""

    expert: str
    requests: int
    """At least 1."""
    prompt_tokens: float
    completion_tokens: float

    def cost_usd(self, price: Price) -> float:
        """At the expert's configured price."""
        per_million = (
            self.prompt_tokens * price.prompt_usd_per_million
            + self.completion_tokens * price.completion_usd_per_million
        )
        return per_million / 1e6


class DemandEstimator:
    """Estimates the demand of rounds over one list of queries."""

    def __init__(
        self,
        queries: Sequence[Query],
        config: SystemConfig,
        k: int,
        costs: CostBook,
        keys: Mapping[str, str],
        aggregator: Aggregator,
    ) -> None:
        """Nothing is estimated yet.

        Args:
            queries: of the run.
            config: of the system.
            k: experts a query.
            costs: what is known of models' prompts and answers.
            keys: expert -> key of its model in `costs`.
            aggregator: that of `config`, built.
        """
        self._queries, self._config, self._k = queries, config, k
        self._costs, self._keys, self._aggregator = costs, keys, aggregator

    def route(self) -> list[Demand]:
        """The round of the LLM that takes part in routing; empty where none does."""
        llm = asked_llm(self._config.router)
        if llm is None:
            return []
        characters = sum(llm.template_characters + len(q.routing_text) for q in self._queries)
        requests = len(self._queries) * llm.samples
        return [self._demand(llm.expert, requests, characters * llm.samples, llm.sampling)]

    def generate(self) -> tuple[list[Demand], RoutingBasis]:
        """The experts' round, in configuration order, and how it is known.

        Raises:
            RouterError: k is out of range, or the router is not fitted.
        """
        prompts = [
            sum(len(m.content) for m in render_messages(q, self._config.prompts)) for q in self._queries
        ]
        known = self._costs.shares(routing_fingerprint(self._config, self._k))
        # Before a run nobody knows where a query stops; the first plan takes all of the chosen.
        stops = self._config.stopping is not None and known
        if asked_llm(self._config.router) is None and not stops:
            return self._routed(prompts), "routed"
        m = len(self._config.experts)
        check_k(min(self._k, m) if repeats(self._config.policy) else self._k, m)
        shares = known or dict.fromkeys(self._config.experts, self._k / m)
        whole = _whole_requests(shares, round(len(self._queries) * sum(shares.values())))
        mean = sum(prompts) / len(prompts)
        demands = [self._demand(name, n, n * mean) for name, n in whole.items() if n]
        return demands, "last run" if known else "equal shares"

    def aggregate(self) -> list[Demand]:
        """The aggregator's round; empty where no LLM aggregates."""
        if not self._aggregator.experts:
            return []
        pool = list(self._config.experts)
        mean = sum(self._reply_characters(name, None) for name in pool) / len(pool)
        answering = pool[:1] * self._k if repeats(self._config.policy) else pool[: self._k]
        asked = asked_by(
            self._aggregator, self._queries, answering, max(1, round(mean)), self._reply_characters
        )
        return [
            self._demand(name, round(one.requests), one.characters, one.sampling)
            for name, one in asked.items()
        ]

    def _routed(self, prompts: Sequence[int]) -> list[Demand]:
        router = build_router(self._config.router, tuple(self._config.experts))
        requests: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        costs = expert_costs(self._config, self._costs)
        decisions = choose_experts(self._config.policy, router, self._queries, self._k, costs)
        for decision, size in zip(decisions, prompts, strict=True):
            requests.update(decision.chosen)
            for name in decision.chosen:
                characters[name] += size
        return [
            self._demand(name, requests[name], characters[name])
            for name in self._config.experts
            if requests[name]
        ]

    def _reply_characters(self, expert: str, sampling: SamplingConfig | None) -> int:
        """Expected length of what an expert writes."""
        longest = (sampling or self._config.all_experts[expert].sampling).max_tokens
        return round(self._costs.answer_tokens(self._keys[expert], longest) * CHARACTERS_PER_TOKEN)

    def _demand(
        self, expert: str, requests: int, characters: float, sampling: SamplingConfig | None = None
    ) -> Demand:
        key = self._keys[expert]
        longest = (sampling or self._config.all_experts[expert].sampling).max_tokens
        return Demand(
            expert=expert,
            requests=requests,
            prompt_tokens=self._costs.prompt_tokens(key, characters),
            completion_tokens=requests * self._costs.answer_tokens(key, longest),
        )


def _whole_requests(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Requests in proportion to shares, `total` in all: largest remainders, ties by name."""
    scale = total / sum(shares.values())
    whole = {name: int(share * scale) for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: (whole[name] - shares[name] * scale, name))
    for name in by_remainder[: total - sum(whole.values())]:
        whole[name] += 1
    return whole
