"""The coordinator: one actor that decides for all clients which work runs on which slot, and minds the slots.

It holds nothing that cannot be had again: clients keep their accepted work and tell it to a rebuilt
coordinator, slots know what is resident. Requests and answers never pass through it; they go between
client and slot. All decisions are the pure scheduler's; slots are the minder's. Imports no Ray.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from experts.config import HostingConfig
from experts.hosting.orders import Accepted, Ahead, Grant, HostingStatus, Joined, Orders
from experts.hosting.slot_minder import SlotKeeper, SlotMinder
from experts.scheduling.decisions import Dispatch, Rules
from experts.scheduling.scheduler import Scheduler
from experts.scheduling.work import Job, SlotState

_log = logging.getLogger(__name__)
_TEND_S = 1.0
"""How often slots are asked how they are."""
_SILENT_S = 60.0
"""A client that has not asked for orders for so long has gone; clients ask at least every ten seconds."""
_CAPACITY = 1024
"""Requests that a slot is given at once: more than an engine runs at once (`max_num_seqs`), so that it
never waits for the next job of a large batch, and few enough that others are not kept out for long."""


@dataclass(slots=True)
class _Client:
    seen: float
    orders: list[Grant | Ahead] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    jobs: set[str] = field(default_factory=set)
    """Ids of its jobs, waiting and running."""


class Coordinator:
    """Scheduler state, shared by all clients of the same slots."""

    def __init__(self, hosting: HostingConfig, keeper: SlotKeeper) -> None:
        """Nothing is placed before the first client joins."""
        self._incarnation = uuid.uuid4().hex
        self._scheduler = Scheduler(
            Rules(max_wait_s=hosting.max_wait_s, max_queued=hosting.max_queued, capacity=_CAPACITY)
        )
        self._clients: dict[str, _Client] = {}
        self._owner: dict[str, str] = {}
        """Job id -> client."""
        self._slots = SlotMinder(keeper, hosting.start_timeout_s, self._slot_up, self._slot_lost)
        self._tending: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    # --- what clients call -----------------------------------------------------------------

    async def join(self, client: str, *, returning: bool) -> Joined:
        """Make a client known, and have slots.

        The first client waits until all are up, or some cannot be had, which is its mistake. One that
        returns to a rebuilt coordinator waits for one slot: others may have been lost with their node.
        """
        known = self._clients.setdefault(client, _Client(time.monotonic()))
        self._tending = self._tending or asyncio.create_task(self._tend())
        starting = not self._slots.live and not returning
        placing = self._slots.place()
        while placing and (starting or not self._slots.live):
            known.seen = time.monotonic()  # it cannot ask for orders while it waits here
            _, placing = await asyncio.wait(placing, timeout=_TEND_S, return_when=asyncio.FIRST_COMPLETED)
        known.seen = time.monotonic()
        known.news.set()  # it has not heard yet how many slots are idle
        problem = None
        if not self._slots.live or (starting and len(self._slots.live) < len(self._slots.names)):
            problem = (
                f"The Ray cluster has no room for {len(self._slots.names)} slots of {self._slots.needs} "
                "each. Lower hosting.slots or hosting.cpus_per_slot, or wait until others have finished."
            )
        return Joined(self._incarnation, len(self._slots.live), problem)

    async def submit(self, client: str, incarnation: str, jobs: Sequence[Job]) -> bool:
        """Take in new jobs; False: the client is not known (any more) and must join.

        Raises:
            QueueFull: `max_queued` would be passed; nothing was taken in.
        """
        if not self._knows(client, incarnation):
            return False
        fresh = [job for job in jobs if job.id not in self._owner]
        self._scheduler.submit(fresh, time.monotonic())
        self._own(client, fresh)
        self._decide()
        return True

    async def restore(self, client: str, incarnation: str, accepted: Sequence[Accepted]) -> bool:
        """Take in what another coordinator had accepted; nothing of it is refused.

        What was granted here, and has not been heard of because the call broke, is granted again.
        """
        if not self._knows(client, incarnation):
            return False
        now = time.monotonic()
        unheard = {item.job.id for item in accepted if item.slot is None and item.job.id in self._owner}
        for slot, jobs in self._scheduler.running.items():
            for job in jobs:
                if job.id in unheard:
                    self._grant(job.id, slot)
        fresh = [item for item in accepted if item.job.id not in self._owner]
        for item in fresh:
            if item.slot is not None and item.slot in self._slots.live:
                self._scheduler.restore(item.slot, item.job, now)
            else:
                self._scheduler.submit([item.job], now, arrived=now - item.waited_s)
        self._own(client, [item.job for item in fresh])
        self._decide()
        return True

    async def orders(self, client: str, incarnation: str, timeout_s: float) -> Orders | None:
        """Wait for decisions, at most `timeout_s`; None: the client must join."""
        if not self._knows(client, incarnation):
            return None
        known = self._clients[client]
        if not known.orders:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(known.news.wait(), timeout_s)
        known.seen = time.monotonic()
        known.news.clear()
        taken, known.orders = known.orders, []
        return Orders(
            grants=tuple(o for o in taken if isinstance(o, Grant)),
            ahead=tuple(o for o in taken if isinstance(o, Ahead)),
            idle=len(self._idle()),
            slots=len(self._slots.live),
        )

    async def ended(self, client: str, incarnation: str, job_id: str, trouble: str | None) -> None:
        """A job runs no more; `trouble` names the slot where it went wrong, so that it is looked at."""
        if self._knows(client, incarnation) and job_id in self._owner:
            # It may wait here although it ran: where its slot came later than a rebuilt coordinator.
            self._forget(client, [job_id])
            if trouble is not None:
                await self._slots.look_at(trouble)
            self._decide()

    async def withdraw(self, client: str, incarnation: str, job_ids: Sequence[str]) -> None:
        """Waiting jobs are not wanted any more."""
        if self._knows(client, incarnation):
            self._forget(client, job_ids)
            self._decide()

    async def leave(self, client: str) -> int:
        """A client needs nothing any more; with the last one the slots end. Returns clients left."""
        known = self._clients.pop(client, None)
        if known is not None:
            self._drop_jobs(known.jobs)
        if not self._clients:
            await self._end()
        self._decide()
        return len(self._clients)

    async def status(self) -> HostingStatus:
        """Slots and queue."""
        found = await asyncio.gather(*(self._slots.look_at(name) for name in list(self._slots.live)))
        running = sum(map(len, self._scheduler.running.values()))
        return HostingStatus(
            coordinator_pid=os.getpid(),
            slots=tuple(status for status in found if status is not None),
            waiting=len(self._scheduler.waiting),
            running=running,
            clients=len(self._clients),
            lost_slots=self._slots.lost,
        )

    # --- deciding --------------------------------------------------------------------------

    def _decide(self) -> None:
        now = time.monotonic()
        for effect in self._scheduler.decide(now):
            if isinstance(effect, Dispatch):
                self._grant(effect.job.id, effect.slot)
            else:
                self._look_ahead(effect.slot, effect.expert)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = self._scheduler.next_decision(now)
        if due is not None:
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, due), self._decide)
        if self._idle():
            for known in self._clients.values():
                known.news.set()

    def _grant(self, job_id: str, slot: str) -> None:
        client = self._clients[self._owner[job_id]]
        client.orders.append(Grant(job_id, slot, self._slots.live[slot]))
        client.news.set()

    def _look_ahead(self, slot: str, expert: str) -> None:
        """Let a client that waits for the expert have it prefetched: it knows where its files are."""
        owner = next((self._owner[j.id] for j in self._scheduler.waiting if j.expert == expert), None)
        if owner is not None and slot in self._slots.live:
            client = self._clients[owner]
            client.orders.append(Ahead(expert, self._slots.live[slot]))
            client.news.set()

    def _idle(self) -> list[str]:
        return [name for name, jobs in self._scheduler.running.items() if not jobs]

    # --- clients ---------------------------------------------------------------------------

    def _knows(self, client: str, incarnation: str) -> bool:
        known = self._clients.get(client) if incarnation == self._incarnation else None
        if known is not None:
            known.seen = time.monotonic()
        return known is not None

    def _own(self, client: str, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._owner[job.id] = client
            self._clients[client].jobs.add(job.id)

    def _forget(self, client: str, job_ids: Sequence[str]) -> None:
        self._clients[client].jobs.difference_update(job_ids)
        self._drop_jobs(job_ids)

    def _drop_jobs(self, job_ids: Sequence[str] | set[str]) -> None:
        known = [i for i in job_ids if self._owner.pop(i, None)]
        self._scheduler.withdraw(known)
        for job_id in known:
            self._finish(job_id)

    def _finish(self, job_id: str) -> None:
        with contextlib.suppress(KeyError):  # it waits, or its slot has gone with it
            self._scheduler.finished(job_id, time.monotonic())

    # --- slots -----------------------------------------------------------------------------

    async def _tend(self) -> None:
        """Look after slots and clients until there is nobody left."""
        while True:
            await asyncio.sleep(_TEND_S)
            await asyncio.gather(*(self._check(name) for name in list(self._slots.live)))
            self._slots.place()
            silent = [c for c, known in self._clients.items() if time.monotonic() - known.seen > _SILENT_S]
            for client in silent:
                _log.warning("client %s has gone", client)
                if not await self.leave(client):
                    os._exit(0)  # nobody is left who would end this process

    async def _check(self, name: str) -> None:
        """Look at a slot, and correct what is believed to be resident there."""
        status = await self._slots.look_at(name)
        running = self._scheduler.running.get(name)
        if status is not None and not status.running and running == ():
            self._scheduler.set_state(name, status.state, time.monotonic())

    def _slot_up(self, name: str, state: SlotState) -> None:
        self._scheduler.add_slot(name, state, time.monotonic())
        self._decide()

    def _slot_lost(self, name: str) -> None:
        # Whoever ran work there sees its stream break, and submits it again.
        for job in self._scheduler.remove_slot(name, time.monotonic()):
            owner = self._owner.pop(job.id)
            if owner in self._clients:
                self._clients[owner].jobs.discard(job.id)
        self._decide()

    async def _end(self) -> None:
        if self._tending is not None and self._tending is not asyncio.current_task():
            self._tending.cancel()
            self._tending = None
        for name in list(self._slots.live):
            self._scheduler.remove_slot(name, time.monotonic())
        await self._slots.end()
