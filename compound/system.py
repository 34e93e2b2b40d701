"""The system: rounds of route, generate, fuse over a pool of experts.

A call is one round of routing (skill annotation included), one round of experts (in waves where the
configuration stops early), one round of the aggregator; within each, work is grouped by expert. Knows
no engine kind, no command line, no gold.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregators.aggregator import Aggregator
from aggregators.config import AggregatorConfig
from compound.answer import Answer, Timings, assemble
from compound.asking import PoolCalls
from compound.build import build_pool, fitting_aggregator
from compound.choosing import choose_experts, expert_costs
from compound.config import SystemConfig, default_config_path, load_config
from compound.event_loop import CLOSED, BackgroundLoop
from compound.expert_round import ExpertRound, OnDone
from compound.fusing import Fusing
from compound.overrides import overridden
from compound.planned import Plan
from compound.planning import plan
from compound.planning_machine import known_costs
from compound.planning_shares import observe_shares
from compound.progress import OnCompletion, OnProgress, silent, unwatched
from compound.questions import Question, to_queries
from compound.stopping import stopping_rule
from compound.waves import Waves, cost_of
from experts.completion import Completion, Request, Usage
from experts.decision import RoutingDecision
from experts.errors import CompoundError
from experts.hosting.records import Fault
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.scheduling.costs import CostBook
from experts.scheduling.switches import SwitchCounts, count
from experts.sealing import Seal
from routers.build import build_router
from routers.config import RouterConfig
from routers.policies.config import PolicyConfig, TopKPolicyConfig
from routers.router import Router

_TELLING = 20
"""Fewer questions do not tell how often experts are asked."""


class Compound:
    """A pool of experts with a router and an aggregator. A context manager; `close` ends engines.

    Thread-safe; blocking and asynchronous calls may be mixed.
    """

    def __init__(
        self,
        config: SystemConfig,
        *,
        store: str | Path | None = None,
        seal: Seal | None = None,
        on_progress: OnProgress = silent,
        on_completion: OnCompletion = unwatched,
    ) -> None:
        """Wire the parts; engines start with the first work.

        Args:
            config: see `compound.load_config`.
            store: file of finished completions, made if need be; what it holds is not asked again.
            seal: texts in the store are sealed with it, for questions that must not be published.
            on_progress: called as work is done.
            on_completion: called with every completion as it comes.

        Raises:
            ConfigError: profiles, recordings, the store or the rule of stopping cannot be used, or the
                aggregator asks somebody who is not there.
        """
        self.config = config
        self._router = build_router(config.router, tuple(config.experts))
        self._aggregator = fitting_aggregator(config)
        self._rule = None if config.stopping is None else stopping_rule(config.stopping)
        last = next(iter(self._aggregator.experts), None)
        self._built = build_pool(config, Path(store) if store else None, seal=seal, last=last)
        self._on_progress = on_progress
        self._loop = BackgroundLoop()
        self._calls = PoolCalls(self._built, self._loop, on_progress, on_completion)
        self._closed = False

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        store: str | Path | None = None,
        on_progress: OnProgress = silent,
    ) -> Self:
        """The system of a YAML file; without one, the bundled miniature pool.

        Raises:
            ConfigError: the file cannot be read or is wrong; all errors at once.
        """
        config = load_config(path if path is not None else default_config_path())
        return cls(config, store=store, on_progress=on_progress)

    # --- answering -------------------------------------------------------------------------

    def answer(
        self,
        questions: Question | Sequence[Question],
        *,
        choices: Sequence[str] | None = None,
        k: int | None = None,
        router: RouterConfig | str | None = None,
        aggregator: AggregatorConfig | str | None = None,
        policy: PolicyConfig | str | None = None,
    ) -> list[Answer]:
        """Answers, one per question, in order. Failures are data: see `Answer.error`.

        Args:
            questions: one question or a list; text, chat messages (OpenAI layout) or `Query`.
            choices: options of a single multiple-choice question, without letters.
            k: experts per question; None: as configured.
            router: another router than the configured one, or the name of a kind such as "random".
            aggregator: another aggregator, or the name of a kind such as "majority".
            policy: another policy, or the name of a kind such as "top_k".

        Raises:
            QueryError: a question cannot be asked as it stands.
            ConfigError: `router`, `aggregator` or `policy` is not one, or they do not go together.
            RouterError: k is out of range, or the router is not fitted.
        """
        self._check_open()
        return self._loop.run(self._answer(to_queries(questions, choices), k, router, aggregator, policy))

    async def aanswer(
        self,
        questions: Question | Sequence[Question],
        *,
        choices: Sequence[str] | None = None,
        k: int | None = None,
        router: RouterConfig | str | None = None,
        aggregator: AggregatorConfig | str | None = None,
        policy: PolicyConfig | str | None = None,
    ) -> list[Answer]:
        """`answer` for asynchronous callers; cancelling it ends the work."""
        self._check_open()
        work = self._answer(to_queries(questions, choices), k, router, aggregator, policy)
        future = self._loop.submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or not caller.cancelling():  # not the caller's doing
                raise CompoundError(CLOSED) from None
            raise

    def route(
        self,
        questions: Question | Sequence[Question],
        *,
        choices: Sequence[str] | None = None,
        k: int | None = None,
    ) -> list[RoutingDecision]:
        """Decisions with their reasons; runs no expert (an annotator that is an LLM does run)."""
        self._check_open()
        return self._loop.run(
            self._route(self._router, self.config.policy, to_queries(questions, choices), k)
        )

    async def _answer(
        self,
        queries: list[Query],
        k: int | None,
        router: RouterConfig | str | None,
        aggregator: AggregatorConfig | str | None,
        policy: PolicyConfig | str | None,
    ) -> list[Answer]:
        config = overridden(self.config, router, aggregator, policy)
        chosen_router, fuse = await asyncio.to_thread(self._parts, config)
        started = time.perf_counter()
        decisions = await self._route(chosen_router, config.policy, queries, k)
        routed = time.perf_counter()
        fusing = Fusing(self._calls, fuse, queries, decisions, self.config.quorum)
        if self._built.hosted is not None and fuse.experts and self.config.hosting.slots > 1:
            fusing.begin(self._built.hosted.slot_is_idle)
        try:
            completions, stopped = await self._ask(queries, decisions, fusing.offer)
            generated = time.perf_counter()
            verdicts = await fusing.finish(completions)
        except BaseException:
            fusing.abandon()
            raise
        timings = Timings(
            route=routed - started, generate=generated - routed, aggregate=time.perf_counter() - generated
        )
        parts = zip(decisions, completions, verdicts, stopped, strict=True)
        answers = [
            assemble(decision, given, verdict, timings, why) for decision, given, verdict, why in parts
        ]
        self._remember_shares(answers, self.config.k if k is None else k)
        return answers

    async def _ask(
        self, queries: Sequence[Query], decisions: Sequence[RoutingDecision], on_done: OnDone
    ) -> tuple[list[tuple[Completion, ...]], Sequence[str | None]]:
        """The experts' round: answers of every query, and why it asked no more."""
        asking = (self._calls, self.config.prompts, queries, decisions, on_done)
        stopping = self.config.stopping
        if stopping is None or self._rule is None:
            return await ExpertRound(*asking).run(), [None] * len(queries)
        costs = cost_of(stopping, self.config.experts)
        waves = Waves(*asking, config=stopping, rule=self._rule, cost_of=costs)
        return await waves.run(), waves.stopped

    def _remember_shares(self, answers: Sequence[Answer], k: int) -> None:
        """Keep who was asked how often, for the next plan."""
        if self._built.hosted is not None and len(answers) >= _TELLING:
            observe_shares(self.config, answers, k, self._built.hosted.costs)
            self._built.hosted.keep_costs()

    async def _route(
        self, router: Router, policy: PolicyConfig, queries: Sequence[Query], k: int | None
    ) -> list[RoutingDecision]:
        k = self.config.k if k is None else k
        self._on_progress("routing", 0, len(queries))
        # Here and not in the thread: costs are learned in this loop.
        costs = None if isinstance(policy, TopKPolicyConfig) else expert_costs(self.config, self._costs())
        decisions = await self._calls.in_thread(
            lambda generate: choose_experts(policy, router, queries, k, costs, generate=generate)
        )
        self._on_progress("routing", len(queries), len(queries))
        return decisions

    # --- the pool itself ---------------------------------------------------------------------

    def generate(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None = None
    ) -> list[Completion]:
        """Ask one expert or helper directly, past router and aggregator; completions in order.

        Raises:
            ExpertError: no such expert.
        """
        self._check_open()
        return self._loop.run(self._calls.generate(expert, conversations, sampling))

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Completions of ready requests in order, for profiling runs."""
        self._check_open()
        return self._loop.run(self._calls.run(requests))

    def identity(self, expert: str) -> str:
        """What an expert's texts depend on: its weights or its recording, engine and dtype.

        Raises:
            ExpertError: no such expert.
        """
        return self._built.pool.identity(expert)

    def switches(self) -> SwitchCounts:
        """How often experts have been made resident so far, by kind; recorded ones on a simulated machine."""
        self._check_open()
        engines = (self._built.hosted, self._built.recorded)
        return count(switch for engine in engines if engine for switch in engine.switches())

    def simulated_seconds(self) -> float:
        """Clock of the simulated machine on which recorded experts are timed; 0.0 where there is none."""
        return 0.0 if self._built.recorded is None else self._built.recorded.simulated_seconds

    @property
    def played_back(self) -> tuple[str, ...]:
        """Experts and helpers whose outputs were recorded earlier: no model runs for them."""
        return () if self._built.recorded is None else self._built.recorded.experts

    @property
    def estimated_tokens(self) -> tuple[str, ...]:
        """Played-back experts whose tokens were not recorded: they are characters / 4."""
        return () if self._built.recorded is None else self._built.recorded.estimated

    def faults(self) -> list[Fault]:
        """What has broken under this system's work so far, and what was done about it; oldest first."""
        return self._built.hosted.faults() if self._built.hosted else []

    def usage(self) -> Usage:
        """Of everything that was asked so far, annotators and aggregators included."""
        return self._calls.usage

    @property
    def from_store(self) -> int:
        """Completions that the store had, so that nobody was asked."""
        return 0 if self._built.store is None else self._built.store.found

    def plan(self, questions: Question | Sequence[Question], *, k: int | None = None) -> Plan:
        """What answering would load, move, generate and take from a cold start; runs nothing.

        Raises:
            QueryError: a question cannot be asked as it stands.
            ConfigError: a model's files cannot be read.
            RouterError: k is out of range, or the router is not fitted.
        """
        return plan(to_queries(questions, None), self.config, known_costs(self.config), k=k)

    # --- parts and life ----------------------------------------------------------------------

    def _parts(self, config: SystemConfig) -> tuple[Router, Aggregator]:
        """Those of a configuration, which differs from this system's in some parts."""
        same_router = config.router is self.config.router
        same_aggregator = config.aggregator is self.config.aggregator
        return (
            self._router if same_router else build_router(config.router, tuple(config.experts)),
            self._aggregator if same_aggregator else fitting_aggregator(config),
        )

    def _costs(self) -> CostBook:
        hosted = self._built.hosted
        return CostBook("none") if hosted is None else hosted.costs

    def _check_open(self) -> None:
        if self._closed:
            raise CompoundError(CLOSED)

    def close(self) -> None:
        """End engines and give everything back; closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        try:
            self._loop.run(self._built.engine.close())
        finally:
            self._loop.close()
            if self._built.store is not None:
                self._built.store.close()

    def __enter__(self) -> Self:
        """The system itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
