"""Questions that come one by one, answered in batches. Knows no system and no other project."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from compound.answer import Answer
from experts.query import Query

AnswerBatch = Callable[[Sequence[Query]], Awaitable[list[Answer]]]


@dataclass
class _Loop:
    """What belongs to one event loop; a lock of another cannot be waited for."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[tuple[Query, asyncio.Future[Answer]]] = field(default_factory=list)
    batches: set[asyncio.Task[None]] = field(default_factory=set)
    """Kept, or they would be collected as garbage."""


class Gathering:
    """Batches of what is asked within a short time; one batch at a time, so that the next one grows."""

    def __init__(self, answer: AnswerBatch, *, wait_s: float) -> None:
        """Store.

        Args:
            answer: answers a batch, in order; ids in it are unique.
            wait_s: seconds that the first question of a batch waits for others.
        """
        self._answer, self._wait_s = answer, wait_s
        self._loops: dict[asyncio.AbstractEventLoop, _Loop] = {}

    async def ask(self, query: Query) -> Answer:
        """The answer to a query, whose id does not matter.

        Raises:
            CompoundError: the batch could not be answered at all; every question of it gets the error.
        """
        running = asyncio.get_running_loop()
        own = self._loops.setdefault(running, _Loop())
        mine: asyncio.Future[Answer] = running.create_future()
        own.waiting.append((query, mine))
        if len(own.waiting) == 1:
            # A task of its own: who asked first may be cancelled, and the others still wait.
            own.batches.add(task := running.create_task(self._run(own)))
            task.add_done_callback(own.batches.discard)
        return await mine

    async def _run(self, own: _Loop) -> None:
        await asyncio.sleep(self._wait_s)
        async with own.lock:
            batch, own.waiting = own.waiting, []
            await self._answer_all([pair for pair in batch if not pair[1].done()])

    async def _answer_all(self, batch: Sequence[tuple[Query, asyncio.Future[Answer]]]) -> None:
        if not batch:
            return
        queries = [replace(query, id=f"q{i}") for i, (query, _) in enumerate(batch)]
        try:
            answers = await self._answer(queries)
        except Exception as error:  # noqa: BLE001  # handed to everyone who asked
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
