"""The system: rounds of route, generate, fuse over a pool of experts.

A call is one round of routing (skill annotation included), one round of experts, one round of the
aggregator; within each, work is grouped by expert. Knows no engine kind, no command line, no gold.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from compound.answer import Answer, Timings, assemble
from compound.build import build_pool
from compound.config import SystemConfig, default_config_path, load_config
from compound.event_loop import BackgroundLoop
from compound.progress import OnProgress, silent
from compound.questions import Question, to_queries
from experts.completion import Completion, Request
from experts.decision import RoutingDecision
from experts.errors import CompoundError, ConfigError
from experts.extraction import with_answer
from experts.hosting.switches import SwitchCounts, count
from experts.prompts import render_messages
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from experts.verdict import Candidates
from routers.build import build_router
from routers.config import RouterConfig
from routers.router import Router


class Compound:
    """A pool of experts with a router and an aggregator. A context manager; `close` ends engines.

    Thread-safe; blocking and asynchronous calls may be mixed.
    """

    def __init__(
        self, config: SystemConfig, *, store: str | Path | None = None, on_progress: OnProgress = silent
    ) -> None:
        """Wire the parts; engines start with the first work.

        Args:
            config: see `compound.load_config`.
            store: file of finished completions, made if need be; what it holds is not asked again.
            on_progress: called as work is done.

        Raises:
            ConfigError: profiles, recordings or the store cannot be used.
        """
        self.config = config
        self._router = build_router(config.router, tuple(config.experts))
        self._aggregator = build_aggregator(config.aggregator)
        self._built = build_pool(config, Path(store) if store else None)
        self._on_progress = on_progress
        self._loop = BackgroundLoop()
        self._calls = itertools.count()
        self._closed = False

    @classmethod
    def from_config(
        cls, path: str | Path | None = None, *, store: str | Path | None = None, on_progress: OnProgress = silent
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
    ) -> list[Answer]:
        """Answers, one per question, in order. Failures are data: see `Answer.error`.

        Args:
            questions: one question or a list; text, chat messages (OpenAI layout) or `Query`.
            choices: options of a single multiple-choice question, without letters.
            k: experts per question; None: as configured.
            router: another router than the configured one, or the name of a kind such as "random".
            aggregator: another aggregator, or the name of a kind such as "majority".

        Raises:
            QueryError: a question cannot be asked as it stands.
            ConfigError: `router` or `aggregator` is not one.
            RouterError: k is out of range, or the router is not fitted.
        """
        return self._loop.run(self._answer(to_queries(questions, choices), k, router, aggregator))

    async def aanswer(
        self,
        questions: Question | Sequence[Question],
        *,
        choices: Sequence[str] | None = None,
        k: int | None = None,
        router: RouterConfig | str | None = None,
        aggregator: AggregatorConfig | str | None = None,
    ) -> list[Answer]:
        """`answer` for asynchronous callers; cancelling it ends the work."""
        work = self._answer(to_queries(questions, choices), k, router, aggregator)
        return await asyncio.wrap_future(self._loop.submit(work))

    def route(
        self, questions: Question | Sequence[Question], *, choices: Sequence[str] | None = None, k: int | None = None
    ) -> list[RoutingDecision]:
        """Decisions with their reasons; runs no expert (an annotator that is an LLM does run)."""
        return self._loop.run(self._route(self._router, to_queries(questions, choices), k))

    async def _answer(
        self,
        queries: list[Query],
        k: int | None,
        router: RouterConfig | str | None,
        aggregator: AggregatorConfig | str | None,
    ) -> list[Answer]:
        chosen_router = self._router if router is None else self._other_router(router)
        fuse = self._aggregator if aggregator is None else self._other_aggregator(aggregator)
        started = time.perf_counter()
        decisions = await self._route(chosen_router, queries, k)
        routed = time.perf_counter()
        completions = await self._ask(queries, decisions)
        generated = time.perf_counter()
        items = [
            Candidates(
                query=query, completions=answers, estimates=decision.estimates if decision.calibrated else {}
            )
            for query, decision, answers in zip(queries, decisions, completions, strict=True)
        ]
        verdicts = await asyncio.to_thread(fuse.aggregate, items, generate=self.generate)
        timings = Timings(
            route=routed - started, generate=generated - routed, aggregate=time.perf_counter() - generated
        )
        parts = zip(decisions, completions, verdicts, strict=True)
        return [assemble(decision, answers, verdict, timings) for decision, answers, verdict in parts]

    async def _route(self, router: Router, queries: Sequence[Query], k: int | None) -> list[RoutingDecision]:
        self._on_progress("routing", 0, len(queries))
        k = self.config.k if k is None else k
        decisions = await asyncio.to_thread(router.route, queries, k, generate=self.generate)
        self._on_progress("routing", len(queries), len(queries))
        return decisions

    async def _ask(
        self, queries: Sequence[Query], decisions: Sequence[RoutingDecision]
    ) -> list[tuple[Completion, ...]]:
        """Completions of every query, in ranked order. A name chosen twice is sampled twice."""
        call = next(self._calls)
        requests = []
        for query, decision in zip(queries, decisions, strict=True):
            messages = render_messages(query, self.config.prompts)
            seen: dict[str, int] = {}
            for name in decision.chosen:
                index = seen[name] = seen.get(name, -1) + 1
                requests.append(self._request(f"{call}/{query.id}/{name}/{index}", query.id, name, messages, index))
        completions = iter(await self._run(requests, "experts answering"))
        return [
            tuple(with_answer(next(completions), query) for _ in decision.chosen)
            for query, decision in zip(queries, decisions, strict=True)
        ]

    # --- the port to the pool ----------------------------------------------------------------

    def generate(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None = None
    ) -> list[Completion]:
        """Ask one expert or helper directly; the port that routers and aggregators are given.

        Blocking: never call it from the system's own event loop.
        """
        call = next(self._calls)
        requests = [
            self._request(f"{call}/{expert}/{i}", f"{call}/{i}", expert, tuple(messages), 0, sampling)
            for i, messages in enumerate(conversations)
        ]
        return self._loop.run(self._run(requests, f"{expert} answering"))

    async def _run(self, requests: Sequence[Request], stage: str) -> list[Completion]:
        self._check_open()
        done: dict[str, Completion] = {}
        async for event in self._built.engine.submit(requests):
            if isinstance(event, Completion):
                done[event.request_id] = event
                self._on_progress(stage, len(done), len(requests))
        return [done[r.id] for r in requests]

    def _request(
        self,
        request_id: str,
        query_id: str,
        expert: str,
        messages: tuple[Message, ...],
        sample_index: int,
        sampling: SamplingConfig | None = None,
    ) -> Request:
        return Request(
            id=request_id,
            expert=expert,
            query_id=query_id,
            messages=messages,
            sampling=sampling or self._built.pool.sampling_for(expert),
            sample_index=sample_index,
        )

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Completions of ready requests in order, for profiling runs."""
        return self._loop.run(self._run(requests, "experts answering"))

    def switches(self) -> SwitchCounts:
        """How often experts have been made resident so far, by kind."""
        hosted = self._built.hosted
        return count(self._loop.run(hosted.switches())) if hosted else SwitchCounts()

    # --- parts and life ----------------------------------------------------------------------

    def _other_router(self, given: RouterConfig | str) -> Router:
        config = _config_of(RouterConfig, given, "router")
        return build_router(config, tuple(self.config.experts))

    def _other_aggregator(self, given: AggregatorConfig | str) -> Aggregator:
        return build_aggregator(_config_of(AggregatorConfig, given, "aggregator"))

    def _check_open(self) -> None:
        if self._closed:
            raise CompoundError("The system has been closed; make a new one with Compound.from_config().")

    def close(self) -> None:
        """End engines and give everything back; closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        try:
            self._loop.run(self._built.engine.close())
        finally:
            if self._built.store is not None:
                self._built.store.close()
            self._loop.close()

    def __enter__(self) -> Self:
        """The system itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _config_of(union: Any, given: Any, part: str) -> Any:
    """A configuration, also from the bare name of its kind."""
    try:
        return TypeAdapter(union).validate_python({"kind": given} if isinstance(given, str) else given)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        raise ConfigError(f"{given!r} cannot be used as {part}: {problem}. Give a kind or a configuration.") from error
