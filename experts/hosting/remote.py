"""Slots and the coordinator as a client sees them: typed calls to Ray actors; a dead actor raises in words.

Knows nothing of jobs and rounds.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from experts.completion import Request
from experts.config import VllmExpert
from experts.errors import ExpertUnavailable
from experts.hosting.orders import Accepted, HostingStatus, Joined, Orders
from experts.hosting.ray_home import import_ray
from experts.hosting.slot import SlotEvent
from experts.scheduling.work import Job


class SlotLost(ExpertUnavailable):
    """The process of a slot has gone with work in it."""


class SlotFailed(ExpertUnavailable):
    """Something raised inside a slot that should not; its process lives."""


class CoordinatorLost(ExpertUnavailable):
    """The coordinator's process has gone."""


class RemoteSlot:
    """A slot, by its Ray handle."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def run(
        self, name: str, expert: VllmExpert, requests: Sequence[Request], *, deltas: bool
    ) -> AsyncIterator[Sequence[SlotEvent]]:
        """Chunks of events of one job.

        Raises:
            SlotLost: the slot has gone.
            SlotFailed: a defect inside it.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            async for chunk in self._actor.run.remote(name, expert, requests, deltas):
                yield await chunk
        except RayTaskError as error:
            raise SlotFailed(f"A slot failed: {type(error.cause).__name__}: {error.cause}.") from error
        except RayError as error:
            raise SlotLost(f"A slot was lost while it worked ({type(error).__name__}).") from error

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early; a slot that has gone has none."""
        from ray.exceptions import RayError

        with contextlib.suppress(RayError):
            await self._actor.abort.remote(tuple(request_ids))

    async def prefetch(self, name: str, expert: VllmExpert) -> None:
        """Get ready for an expert; a slot that has gone does not."""
        from ray.exceptions import RayError

        with contextlib.suppress(RayError):
            await self._actor.prefetch.remote(name, expert)


class RemoteCoordinator:
    """The coordinator, by its Ray handle. Every call raises `CoordinatorLost` where it has gone."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def join(self, client: str, *, returning: bool) -> Joined:
        """See `Coordinator.join`."""
        joined: Joined = await self._call("join", client, returning=returning)
        return joined

    async def submit(self, client: str, incarnation: str, jobs: Sequence[Job]) -> bool:
        """See `Coordinator.submit`."""
        return bool(await self._call("submit", client, incarnation, tuple(jobs)))

    async def restore(self, client: str, incarnation: str, accepted: Sequence[Accepted]) -> bool:
        """See `Coordinator.restore`."""
        return bool(await self._call("restore", client, incarnation, tuple(accepted)))

    async def orders(self, client: str, incarnation: str, timeout_s: float) -> Orders | None:
        """See `Coordinator.orders`."""
        orders: Orders | None = await self._call("orders", client, incarnation, timeout_s)
        return orders

    async def ended(self, client: str, incarnation: str, job_id: str, trouble: str | None) -> None:
        """See `Coordinator.ended`."""
        await self._call("ended", client, incarnation, job_id, trouble)

    async def withdraw(self, client: str, incarnation: str, job_ids: Sequence[str]) -> None:
        """See `Coordinator.withdraw`."""
        await self._call("withdraw", client, incarnation, tuple(job_ids))

    async def leave(self, client: str) -> None:
        """See `Coordinator.leave`; with the last client the coordinator ends too."""
        if not await self._call("leave", client):
            logging.getLogger(__name__).debug("nobody is left; ending the coordinator")
            import_ray().kill(self._actor)

    async def status(self) -> HostingStatus:
        """See `Coordinator.status`."""
        status: HostingStatus = await self._call("status")
        return status

    async def _call(self, method: str, *arguments: Any, **named: Any) -> Any:
        from ray.exceptions import RayError, RayTaskError

        try:
            return await getattr(self._actor, method).remote(*arguments, **named)
        except RayTaskError as error:
            raise error.cause from None  # what the method raised, without Ray's traceback in its words
        except RayError as error:
            raise CoordinatorLost(f"The coordinator was lost ({type(error).__name__}).") from error
