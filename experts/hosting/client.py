"""A client of the coordinator: submits jobs, waits for their grants, and keeps what it was accepted for.

Where the coordinator is lost, it is found again or made anew, and told of all accepted work. Knows no
requests and no texts.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from experts.errors import ConfigError, ExpertUnavailable
from experts.hosting.orders import Accepted, Ahead, Grant, HostingStatus, Joined, Orders
from experts.hosting.records import Fault
from experts.hosting.remote import CoordinatorLost, RemoteCoordinator
from experts.scheduling.work import Job

_log = logging.getLogger(__name__)
_ASK_S = 10.0
"""Longest wait for orders in one call; the coordinator forgets clients that stay silent for a minute."""
_REJOIN_S = 60.0
"""Bound on finding or making a coordinator again: a process starts in seconds, on a busy machine in more."""
_PAUSE_S = 0.2
_CLOSED = "The engine has been closed."


@dataclass(slots=True)
class _Open:
    """A job that was accepted and has not ended."""

    job: Job
    since: float
    grant: asyncio.Future[Grant] = field(default_factory=asyncio.Future)


class HostingClient:
    """One client; its calls belong to one event loop."""

    def __init__(
        self, find: Callable[[], RemoteCoordinator], on_ahead: Callable[[Ahead], None], *, no_slot_s: float
    ) -> None:
        """Nothing is asked before `start`.

        Args:
            find: the coordinator that runs, or a new one; blocking, called in a thread.
            on_ahead: called when a slot is likely to need an expert of ours next.
            no_slot_s: with no slot alive for so long, waiting work fails.
        """
        self._find, self._on_ahead, self._no_slot_s = find, on_ahead, no_slot_s
        self._id = uuid.uuid4().hex[:12]
        self._numbers = itertools.count()
        self._coordinator: RemoteCoordinator | None = None
        self._incarnation = ""
        self._open: dict[str, _Open] = {}
        self._pump: asyncio.Task[None] | None = None
        self._rejoining: asyncio.Task[None] | None = None
        self._slotless_since: float | None = None
        self.slots = 0
        """Slots alive, as last heard."""
        self.idle = asyncio.Event()
        """Set while a slot has nothing to do, as last heard."""
        self.faults: list[Fault] = []
        """Coordinators lost, oldest first."""

    async def start(self) -> None:
        """Join.

        Raises:
            ConfigError: the cluster has no room for the slots.
        """
        joined = await self._join(returning=False)
        if joined.problem is not None:
            await self.close()
            raise ConfigError(joined.problem)
        self._pump = asyncio.create_task(self._take_orders())

    def new_id(self) -> str:
        """An id for a job, unique among all clients."""
        return f"{self._id}/{next(self._numbers)}"

    async def submit(self, jobs: Sequence[Job]) -> None:
        """Have jobs scheduled together; each is to be `granted` and then `ended`.

        Raises:
            QueueFull: too much waits already; nothing was taken in.
            ExpertUnavailable: no coordinator can be had.
        """
        now = time.monotonic()
        opened = {job.id: _Open(job, now) for job in jobs}
        self._open |= opened
        try:
            await self._tell(self._reach().submit(self._id, self._incarnation, jobs))
        except BaseException:
            for job_id in opened:
                self._open.pop(job_id, None)
            raise

    async def again(self, job: Job, *, since: float) -> None:
        """Have a job scheduled that was accepted before, at monotonic seconds `since`, and failed on a slot.

        It is never refused; where no coordinator can be had, `granted` says so.
        """
        self._open[job.id] = found = _Open(job, since)
        try:
            await self._tell(self._reach().restore(self._id, self._incarnation, [self._accepted(found)]))
        except ExpertUnavailable as error:
            if not found.grant.done():
                found.grant.set_exception(error)
        except BaseException:
            self._open.pop(job.id, None)
            raise

    async def _tell(self, telling: Awaitable[bool]) -> None:
        """Tell of jobs in `_open`; where that reaches no coordinator that knows us, join one and tell all."""
        told = self._incarnation
        try:
            known, why = await telling, "it did not know us"
        except CoordinatorLost as error:
            known, why = False, str(error)
        if not known:
            await self._rejoin(told, why)

    async def granted(self, job: Job) -> Grant:
        """Wait until the job may run.

        Raises:
            ExpertUnavailable: no slot is left, or no coordinator can be had.
        """
        return await self._open[job.id].grant

    async def ended(self, job: Job, *, trouble: str | None = None) -> None:
        """The job runs no more, or is not wanted any more; `trouble` names a slot that failed with it."""
        found = self._open.pop(job.id, None)
        if found is None:
            return
        granted = found.grant.done() and not found.grant.cancelled() and found.grant.exception() is None
        coordinator = self._reach()
        # A coordinator that has gone is told by whoever finds out; it will not hear of this job at all.
        with contextlib.suppress(CoordinatorLost):
            if granted:
                await coordinator.ended(self._id, self._incarnation, job.id, trouble)
            else:
                await coordinator.withdraw(self._id, self._incarnation, [job.id])

    async def status(self) -> HostingStatus:
        """Slots and queue as they are now."""
        return await self._reach().status()

    async def close(self) -> None:
        """Leave; with the last client slots and coordinator end."""
        tasks = [task for task in (self._pump, self._rejoining) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._fail_waiting(_CLOSED)
        if self._coordinator is not None:
            with contextlib.suppress(ExpertUnavailable):
                await self._coordinator.leave(self._id)

    # --- orders ----------------------------------------------------------------------------

    async def _take_orders(self) -> None:
        while True:
            try:
                await self._next_orders()
            except ExpertUnavailable as final:
                self._fail_waiting(str(final))
                await asyncio.sleep(_ASK_S)
            except Exception as error:  # noqa: BLE001  # a task of its own: who waits for a grant must hear of it
                _log.exception("the orders of the coordinator cannot be followed")
                self._fail_waiting(f"The coordinator cannot be asked: {type(error).__name__}: {error}")
                await asyncio.sleep(_ASK_S)

    async def _next_orders(self) -> None:
        asked = self._incarnation
        try:
            orders = await self._reach().orders(self._id, asked, _ASK_S)
            why = "it did not know us"
            if orders is not None:
                self._obey(orders)
                # Whoever submitted them was cancelled before the coordinator had answered.
                unwanted = [grant.job_id for grant in orders.grants if grant.job_id not in self._open]
                if unwanted:
                    await self._reach().withdraw(self._id, self._incarnation, unwanted)
                return
        except CoordinatorLost as error:
            why = str(error)
        await self._rejoin(asked, why)

    def _obey(self, orders: Orders) -> None:
        for grant in orders.grants:
            found = self._open.get(grant.job_id)
            if found is not None and not found.grant.done():
                found.grant.set_result(grant)
        for ahead in orders.ahead:
            self._on_ahead(ahead)
        self.slots = orders.slots
        if orders.idle:
            self.idle.set()
        else:
            self.idle.clear()
        self._mind_slots()

    def _mind_slots(self) -> None:
        if self.slots:
            self._slotless_since = None
            return
        now = time.monotonic()
        self._slotless_since = self._slotless_since or now
        if now - self._slotless_since > self._no_slot_s:
            self._fail_waiting("All slots were lost and the cluster has no room for new ones.")

    def _fail_waiting(self, reason: str) -> None:
        for found in self._open.values():
            if not found.grant.done():
                found.grant.set_exception(ExpertUnavailable(reason))

    # --- the coordinator -------------------------------------------------------------------

    def _reach(self) -> RemoteCoordinator:
        if self._coordinator is None:
            raise ExpertUnavailable("The engine has not been started, or has been closed.")
        return self._coordinator

    async def _join(self, *, returning: bool) -> Joined:
        coordinator = await asyncio.to_thread(self._find)
        joined = await coordinator.join(self._id, returning=returning)
        self._coordinator, self._incarnation = coordinator, joined.incarnation
        self.slots = joined.slots
        return joined

    async def _rejoin(self, lost: str, why: str) -> None:
        """Find or make a coordinator, and tell it of all accepted work, once for all who find it lost.

        Args:
            lost: incarnation of the coordinator that did not serve.
            why: in words.

        Raises:
            ExpertUnavailable: none can be had within the bound, or we are closed meanwhile.
        """
        if self._rejoining is None or self._rejoining.done():
            if self._incarnation != lost:
                return  # somebody else has found it out before
            _log.warning("joining the coordinator again: %s", why)
            self._rejoining = asyncio.create_task(self._join_again(why))
        rejoining = self._rejoining
        # A task of its own: of those who wait one may be cancelled, and the others' work must be told.
        await asyncio.wait([rejoining])
        if rejoining.cancelled():
            raise ExpertUnavailable(_CLOSED)
        rejoining.result()

    async def _join_again(self, why: str) -> None:
        bound = time.monotonic() + _REJOIN_S
        while True:
            try:
                await self._join(returning=True)
                accepted = [self._accepted(found) for found in self._open.values()]
                if await self._reach().restore(self._id, self._incarnation, accepted):
                    break
            except CoordinatorLost as error:
                if time.monotonic() > bound:
                    raise ExpertUnavailable(
                        f"The coordinator was lost and no other can be had: {error}"
                    ) from error
            await asyncio.sleep(_PAUSE_S)
        detail = f"{why.rstrip('.')}; it was rebuilt with {len(accepted)} accepted jobs."
        self.faults.append(Fault(kind="coordinator_lost", slot=None, expert=None, detail=detail))

    def _accepted(self, found: _Open) -> Accepted:
        running = found.grant.done() and not found.grant.cancelled() and found.grant.exception() is None
        slot = found.grant.result().slot if running else None
        return Accepted(job=found.job, waited_s=time.monotonic() - found.since, slot=slot)
