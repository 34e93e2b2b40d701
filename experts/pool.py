"""All experts behind one engine: several engines' streams run at once and are merged into one.

Knows no routing, no fusing and no particular engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from experts.completion import Completion, Delta, Request, failed
from experts.config import Price
from experts.engine import Engine
from experts.errors import CompoundError, ConfigError, ExpertError
from experts.sampling import SamplingConfig
from experts.streams import Emit, check_requests, closing, run_jobs, unknown_expert

logger = logging.getLogger(__name__)


class Pool:
    """An engine over all experts of several engines, with their prices and default sampling.

    An engine that raises turns its own unfinished requests into error completions and leaves the
    other engines alone.
    """

    def __init__(
        self, engines: Sequence[Engine], prices: Mapping[str, Price], sampling: Mapping[str, SamplingConfig]
    ) -> None:
        """Take over the engines; `close` closes them.

        Args:
            engines: their experts together are the pool's.
            prices: per expert, US dollars per million tokens; an expert without one costs what
                its engine says (mostly 0).
            sampling: default sampling per expert.

        Raises:
            ConfigError: two engines serve one name, or a price or sampling names no expert.
        """
        self._engines = tuple(engines)
        self._prices = dict(prices)
        self._sampling = dict(sampling)
        self._engine_of: dict[str, Engine] = {}
        self._in_flight: dict[str, Engine] = {}
        self._closed = False
        for engine in self._engines:
            for name in engine.experts:
                if name in self._engine_of:
                    raise ConfigError(f"Two experts are named {name!r}; rename one of them.")
                self._engine_of[name] = engine
        for what, names in (("A price", self._prices), ("A sampling", self._sampling)):
            for name in names:
                if name not in self._engine_of:
                    raise ConfigError(f"{what} is given for no expert. {unknown_expert(name, self.experts)}")

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of all experts, engine by engine."""
        return tuple(self._engine_of)

    def identity(self, expert: str) -> str:
        """What the expert's texts depend on, as its engine says."""
        return self._engine(expert).identity(expert)

    def sampling_for(self, expert: str) -> SamplingConfig:
        """The expert's default sampling.

        Raises:
            ExpertError: no such expert.
            ConfigError: the expert has no default sampling.
        """
        self._engine(expert)
        if expert not in self._sampling:
            raise ConfigError(
                f"Expert {expert!r} has no default sampling; give `sampling:` with `max_tokens`."
            )
        return self._sampling[expert]

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Run the requests on all engines at once; see `Engine.submit`.

        Raises:
            ExpertError: the pool is closed, an expert is unknown (close names are given), or an
                id is not unique.
        """
        if self._closed:
            raise ExpertError("The pool is closed; build a new one.")
        check_requests(requests, self.experts, self._in_flight)
        groups: dict[int, list[Request]] = defaultdict(list)
        for request in requests:
            engine = self._engine_of[request.expert]
            groups[self._engines.index(engine)].append(request)
            self._in_flight[request.id] = engine
        jobs = [partial(self._drain, self._engines[i], group, deltas) for i, group in groups.items()]
        try:
            async with closing(run_jobs(jobs)) as events:
                async for event in events:
                    yield event
        finally:
            for request in requests:
                self._in_flight.pop(request.id, None)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early; unknown and finished ids are ignored."""
        by_engine: dict[int, list[str]] = defaultdict(list)
        for request_id in request_ids:
            if request_id in self._in_flight:
                by_engine[self._engines.index(self._in_flight[request_id])].append(request_id)
        results = await asyncio.gather(
            *(self._engines[i].abort(ids) for i, ids in by_engine.items()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def close(self) -> None:
        """Close every engine, also when one of them fails to close.

        Raises:
            ExpertError: engines failed to close; names each failure.
        """
        if self._closed:
            return
        self._closed = True
        results = await asyncio.gather(*(e.close() for e in self._engines), return_exceptions=True)
        problems = [
            f"{', '.join(engine.experts)}: {_in_words(error)}"
            for engine, error in zip(self._engines, results, strict=True)
            if isinstance(error, BaseException)
        ]
        if problems:
            raise ExpertError(f"{len(problems)} engines could not be closed ({'; '.join(problems)}).")

    def _engine(self, expert: str) -> Engine:
        if expert not in self._engine_of:
            raise ExpertError(unknown_expert(expert, self.experts))
        return self._engine_of[expert]

    async def _drain(self, engine: Engine, group: list[Request], deltas: bool, emit: Emit) -> None:
        pending = {r.id: r for r in group}
        reason, retryable = "ended without answering this request; this is a defect of the engine", False
        try:
            async with closing(engine.submit(group, deltas=deltas)) as events:
                async for event in events:
                    if event.request_id not in pending:
                        logger.warning(
                            "Dropped an event for %r, which is finished or was not asked.", event.request_id
                        )
                    elif isinstance(event, Completion):
                        self._in_flight.pop(event.request_id, None)
                        emit(self._priced(event, pending.pop(event.request_id)))
                    else:
                        emit(event)
        except Exception as error:  # noqa: BLE001  # whatever an engine dies of must not stop the others
            logger.warning("The engine of %s failed: %s", ", ".join(engine.experts), _in_words(error))
            reason, retryable = f"failed: {_in_words(error)}", getattr(error, "retryable", False)
        for request in pending.values():
            emit(failed(request, f"Expert {request.expert!r}: its engine {reason}", retryable=retryable))

    def _priced(self, completion: Completion, request: Request) -> Completion:
        price = self._prices.get(request.expert)
        if price is None:
            return completion
        usage = completion.usage
        dollars = (
            usage.prompt_tokens * price.prompt_usd_per_million
            + usage.completion_tokens * price.completion_usd_per_million
        ) / 1e6
        return replace(completion, usage=replace(usage, cost_usd=dollars))


def _in_words(error: BaseException) -> str:
    return str(error) if isinstance(error, CompoundError) else f"{type(error).__name__}: {error}"
