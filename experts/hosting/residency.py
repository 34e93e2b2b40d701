"""Who may use a slot now: one expert at a time, nothing switched under running work.

Pure asyncio; knows no engine. Callers for the resident expert run together; callers for another
wait in the order of arrival, and all that wait for the same expert are admitted together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ResidencyGate:
    """Admits work by expert."""

    def __init__(self) -> None:
        self._holder: str | None = None
        self._running = 0
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def use(self, expert: str) -> AsyncIterator[None]:
        """Hold the slot for `expert`; others for the same expert may hold it at the same time."""
        await self._enter(expert)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, expert: str) -> None:
        free = self._running == 0 and not self._waiting
        # With others waiting, even the holder's newcomers queue: nobody is overtaken for ever.
        if free or (self._running and self._holder == expert and not self._waiting):
            self._holder = expert
            self._running += 1
            return
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((expert, ticket))
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self._leave()  # admitted and cancelled in the same breath
            else:
                self._waiting = deque(entry for entry in self._waiting if entry[1] is not ticket)
            raise

    def _leave(self) -> None:
        self._running -= 1
        if self._running or not self._waiting:
            return
        self._holder = self._waiting[0][0]
        admitted = [entry for entry in self._waiting if entry[0] == self._holder]
        self._waiting = deque(entry for entry in self._waiting if entry[0] != self._holder)
        for _, ticket in admitted:
            if not ticket.done():
                self._running += 1
                ticket.set_result(None)
        if not self._running and self._waiting:  # all who were admitted had been cancelled
            self._running = 1
            self._leave()
