"""The way from a system to its pool: requests are made, run in the background loop, put in order.

The port that routers and aggregators are given comes from here. Knows no router and no aggregator.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from compound.build import BuiltPool
from compound.event_loop import CLOSED, BackgroundLoop
from compound.progress import OnCompletion, OnProgress
from experts.completion import Completion, Request, Usage
from experts.engine import Generate
from experts.errors import CompoundError
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.streams import closing

_T = TypeVar("_T")
_STAGE = "experts answering"


class PoolCalls:
    """Asks the pool, on behalf of a system and of its router and aggregator."""

    def __init__(
        self,
        built: BuiltPool,
        loop: BackgroundLoop,
        on_progress: OnProgress,
        on_completion: OnCompletion,
    ) -> None:
        self._built = built
        self._loop = loop
        self._on_progress = on_progress
        self._on_completion = on_completion
        self._calls = itertools.count()
        self.usage = Usage()
        """Of everything that was asked so far, annotators and aggregators included."""

    def new_call(self) -> int:
        """A number that makes the request ids of a call unique."""
        return next(self._calls)

    async def run(
        self,
        requests: Sequence[Request],
        stage: str = _STAGE,
        on_completion: Callable[[Completion], None] | None = None,
    ) -> list[Completion]:
        """Completions of ready requests, in order; `on_completion` is called with each as it comes."""
        done: dict[str, Completion] = {}
        async with closing(self._built.engine.submit(requests)) as events:
            async for event in events:
                if isinstance(event, Completion):
                    done[event.request_id] = event
                    self.usage += event.usage
                    self._on_completion(event)
                    self._on_progress(stage, len(done), len(requests))
                    if on_completion is not None:
                        on_completion(event)
        return [done[r.id] for r in requests]

    async def generate(
        self, expert: str, conversations: Sequence[Sequence[Message]], sampling: SamplingConfig | None
    ) -> list[Completion]:
        """Ask one expert or helper; completions in order.

        A conversation that occurs again is another sample of it, not the same one from a store.
        """
        call = self.new_call()
        seen: Counter[tuple[Message, ...]] = Counter()
        requests = []
        for i, conversation in enumerate(conversations):
            messages = tuple(conversation)
            ids = (f"{call}/{expert}/{i}", f"{call}/{i}")
            index = seen[messages]
            seen[messages] += 1
            requests.append(self.request(*ids, expert, messages, sampling=sampling, sample_index=index))
        return await self.run(requests, f"{expert} answering")

    async def in_thread(self, work: Callable[[Generate], _T]) -> _T:
        """Run blocking work outside the loop, with a port to the pool that ends when this is cancelled."""
        port = _Port(self, self._loop)
        try:
            return await asyncio.to_thread(work, port)
        except asyncio.CancelledError:
            port.cancel()
            raise

    def request(
        self,
        request_id: str,
        query_id: str,
        expert: str,
        messages: tuple[Message, ...],
        *,
        sampling: SamplingConfig | None = None,
        sample_index: int = 0,
    ) -> Request:
        """A request with the expert's own sampling, where none is given."""
        return Request(
            id=request_id,
            expert=expert,
            query_id=query_id,
            messages=messages,
            sampling=sampling or self._built.pool.sampling_for(expert),
            sample_index=sample_index,
        )


class _Port:
    """`Generate` for one piece of work in a thread; cancelling ends all that was asked through it."""

    def __init__(self, calls: PoolCalls, loop: BackgroundLoop) -> None:
        self._calls = calls
        self._loop = loop
        self._asked: list[concurrent.futures.Future[list[Completion]]] = []
        self._cancelled = False
        self._gate = threading.Lock()

    def __call__(
        self,
        expert: str,
        conversations: Sequence[Sequence[Message]],
        sampling: SamplingConfig | None = None,
    ) -> list[Completion]:
        with self._gate:
            if self._cancelled:
                raise CompoundError(CLOSED)
            future = self._loop.submit(self._calls.generate(expert, conversations, sampling))
            self._asked.append(future)
        return self._loop.wait(future)

    def cancel(self) -> None:
        with self._gate:
            self._cancelled = True
            for future in self._asked:
                future.cancel()
