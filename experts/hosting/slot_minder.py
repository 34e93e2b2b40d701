"""Looks after the slots: has them made, replaces those that are lost, ends them.

Knows no jobs and no clients. Imports no Ray: slots are behind `SlotKeeper`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from experts.hosting.records import SlotStatus
from experts.scheduling.work import SlotState

_log = logging.getLogger(__name__)
_ANSWER_S = 30.0
"""A slot's process that gives no answer for so long hangs; its event loop is never blocked on purpose."""
_CLOSE_S = 10.0
_LEAST_PLACING_S = 60.0
"""Least time in which a slot must come up: a worker process takes seconds on a busy machine, whatever
bound is set for engines (`start_timeout_s`)."""


class SlotKeeper(Protocol):
    """Makes, asks and ends slots; see `placement.RaySlots`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all slots that there are to be."""
        ...

    @property
    def needs(self) -> str:
        """What one slot reserves, in words."""
        ...

    def make(self, name: str) -> Any:
        """The actor of a slot, found or made."""
        ...

    async def status(self, actor: Any, timeout_s: float) -> SlotStatus | None:
        """How it is; None: gone, or silent."""
        ...

    def kill(self, actor: Any) -> None:
        """End it at once."""
        ...

    async def close(self, actor: Any, timeout_s: float) -> None:
        """End it in order."""
        ...


class SlotMinder:
    """The slots that there are to be, and the actors of those that live."""

    def __init__(
        self,
        keeper: SlotKeeper,
        start_timeout_s: float,
        on_up: Callable[[str, SlotState], None],
        on_lost: Callable[[str], None],
    ) -> None:
        """Nothing is made yet.

        Args:
            keeper: makes and ends slots.
            start_timeout_s: bound on a slot coming up, room for it included; at least a minute is given.
            on_up: called when a slot has come up.
            on_lost: called when one has gone or hangs; it is already being replaced.
        """
        self._keeper, self._on_up, self._on_lost = keeper, on_up, on_lost
        self._placing_s = max(start_timeout_s, _LEAST_PLACING_S)
        self._placing: dict[str, asyncio.Task[None]] = {}
        self.live: dict[str, Any] = {}
        """Name -> actor."""
        self.lost = 0
        """Slots lost so far."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all slots that there are to be."""
        return self._keeper.names

    @property
    def needs(self) -> str:
        """What one slot reserves, in words."""
        return self._keeper.needs

    def place(self) -> set[asyncio.Task[None]]:
        """Have all slots made that do not live; the tasks that are at it."""
        for name in self.names:
            if name not in self.live and name not in self._placing:
                task = self._placing[name] = asyncio.create_task(self._make(name))
                task.add_done_callback(partial(self._placed, name))
        return set(self._placing.values())

    def _placed(self, name: str, _: asyncio.Task[None]) -> None:
        self._placing.pop(name, None)

    async def _make(self, name: str) -> None:
        actor = self._keeper.make(name)
        try:
            status = await self._keeper.status(actor, self._placing_s)
        except asyncio.CancelledError:
            self._keeper.kill(actor)
            raise
        if status is None:
            self._keeper.kill(actor)
            return
        self.live[name] = actor
        self._on_up(name, status.state)

    async def look_at(self, name: str) -> SlotStatus | None:
        """How a slot is; one that has gone or hangs is replaced. None: it does not live."""
        actor = self.live.get(name)
        if actor is None:
            return None
        status = await self._keeper.status(actor, _ANSWER_S)
        if self.live.get(name) is not actor:
            return None
        if status is None:
            _log.warning("%s has gone or hangs; it is replaced", name)
            self.lost += 1
            del self.live[name]
            self._keeper.kill(actor)
            self._on_lost(name)
            self.place()
        return status

    async def end(self) -> list[str]:
        """End all slots, those on their way too; names of those that lived."""
        # One that still waits for room would come up when nobody is left to end it.
        placing = list(self._placing.values())
        for task in placing:
            task.cancel()
        live, self.live = self.live, {}
        await asyncio.gather(*placing, return_exceptions=True)
        await asyncio.gather(*(self._keeper.close(actor, _CLOSE_S) for actor in live.values()))
        return list(live)
