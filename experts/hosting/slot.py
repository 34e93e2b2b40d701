"""A slot: owns one device share and one engine process, on which one expert at a time is resident.

Runs as a Ray actor (see `cluster`), but imports no Ray: it is a plain asynchronous class. Restarts
engine processes that die or hang, and tries their unfinished work once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from experts.completion import Completion, Delta, Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError, ExpertError, ExpertTimeout, ExpertUnavailable
from experts.hosting.engine_process import EngineProcess
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.messages import Abort, EngineSpec, Event, Loaded, Rejected, Submit, Tokens
from experts.hosting.model_files import check_weights, model_folder, read_model_config
from experts.hosting.residency import ResidencyGate
from experts.hosting.running import RunningBatch
from experts.hosting.scheduler import SlotState
from experts.hosting.switches import Switch
from experts.hosting.tokenizing import ChatTokenizer

_log = logging.getLogger(__name__)
_ATTEMPTS = 2
"""Work of an engine that died or hung is tried this often in all."""
_FEED = 64
"""Requests tokenized and submitted at a time."""
_GATHER_S = 0.1
"""Completions of a batch are passed on together, at most this late: each crossing costs Ray time."""


@dataclass(frozen=True, slots=True)
class _Hosted:
    """An expert as this slot's machine sees it."""

    spec: EngineSpec
    tokenizer: ChatTokenizer


class Slot:
    """One device share."""

    def __init__(self, hosting: HostingConfig, device: Literal["cpu", "gpu"], threads: int) -> None:
        """A slot without an engine process; the first work starts one.

        Args:
            hosting: bounds and sizes.
            device: what the engine runs on.
            threads: CPU threads of the engine's arithmetic.
        """
        self._hosting, self._device, self._threads = hosting, device, threads
        self._gate = ResidencyGate()
        self._switching = asyncio.Lock()
        self._process: EngineProcess | None = None
        self._resident: str | None = None
        self._loaded: Loaded | None = None
        self._hosted: dict[str, _Hosted] = {}
        self._batches: dict[int, RunningBatch] = {}
        self._serials = itertools.count()
        self._switches: list[Switch] = []
        self._closed = False
        self._watchdog: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what clients call -----------------------------------------------------------------

    async def run(
        self, name: str, expert: VllmExpert, requests: Sequence[Request], deltas: bool
    ) -> AsyncIterator[list[Delta | Completion]]:
        """Generate for one expert; chunks of events, one completion a request in all."""
        serial = next(self._serials)
        batch = self._batches[serial] = RunningBatch(serial, requests, deltas=deltas)
        feeding: asyncio.Task[None] | None = None
        try:
            async with self._gate.use(name):
                for attempt in range(1, _ATTEMPTS + 1):
                    feeding = await self._start(name, expert, batch)
                    while chunk := await batch.next_events(0.0 if deltas else _GATHER_S):
                        yield chunk
                    await _ended(feeding)
                    if batch.lost:
                        self._after_loss(name, batch, last=attempt == _ATTEMPTS)
                while chunk := await batch.next_events():
                    yield chunk
        finally:
            await _ended(feeding)
            del self._batches[serial]
            await self._tell(Abort(batch.keys()))

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early, running or waiting."""
        for batch in list(self._batches.values()):
            batch.abandon(request_ids)
            await self._tell(Abort(batch.keys(request_ids)))

    async def state(self) -> SlotState:
        """What is resident."""
        family = self._hosted[self._resident].spec.family if self._resident else None
        return SlotState(expert=self._resident, family=family)

    async def switches(self) -> list[Switch]:
        """All switches so far, oldest first."""
        return list(self._switches)

    async def engine_pid(self) -> int | None:
        """Process id of the engine, for fault tests and diagnosis."""
        return self._process.pid if self._process else None

    async def close(self) -> None:
        """End the engine process; running work fails, and nothing is started any more."""
        self._closed = True
        if self._watchdog:
            self._watchdog.cancel()
        if self._process:
            await self._process.close()

    # --- running a batch -------------------------------------------------------------------

    async def _start(self, name: str, expert: VllmExpert, batch: RunningBatch) -> asyncio.Task[None] | None:
        """Make the expert resident and begin to submit what is unfinished.

        Failures become completions. Returns the task that submits, where there is something to submit.
        """
        if batch.finished:
            return None
        batch.restart()
        try:
            hosted = await self._host(name, expert)
            process, loaded = await self._make_resident(hosted)
        except CompoundError as error:
            batch.fail_rest(f"Expert {name!r} cannot answer: {error}", retryable=error.retryable)
            return None
        return asyncio.create_task(self._feed(process, loaded, hosted.tokenizer, batch))

    async def _feed(
        self, process: EngineProcess, loaded: Loaded, tokenizer: ChatTokenizer, batch: RunningBatch
    ) -> None:
        """Tokenize and submit in parts, so that the engine works while the rest is tokenized."""
        process.last_sign_of_life = time.monotonic()
        try:
            unsent = batch.unsent()
            for at in range(0, len(unsent), _FEED):
                keys = unsent[at : at + _FEED]
                # Off the event loop: templates and tokenizers take a while.
                ready, refused = await asyncio.to_thread(batch.prepare, keys, tokenizer, loaded.max_model_len)
                for key, problem in refused:
                    batch.refuse(key, problem)
                await process.send(Submit(tuple(ready)))
                batch.mark_sent(ready)
        except ExpertUnavailable:
            batch.lose()
        except Exception as error:  # noqa: BLE001  # a task of its own: whatever it is must reach the caller
            _log.exception("a batch could not be tokenized")
            batch.fail_rest(
                f"The questions could not be tokenized: {type(error).__name__}: {error}", retryable=False
            )

    def _after_loss(self, name: str, batch: RunningBatch, *, last: bool) -> None:
        problem = f"The engine of expert {name!r} died or hung while answering"
        if last:
            batch.fail_rest(f"{problem}, {_ATTEMPTS} times.", retryable=True)
        # Text that has been shown cannot be taken back and begun again.
        batch.fail_rest(f"{problem}; the answer is cut short.", retryable=True, shown_only=True)

    async def _tell(self, command: Abort) -> None:
        """Pass a command on to the engine, if there is one."""
        if self._process is not None and command.ids:
            with contextlib.suppress(ExpertError):
                await self._process.send(command)

    # --- residency -------------------------------------------------------------------------

    async def _host(self, name: str, expert: VllmExpert) -> _Hosted:
        if name not in self._hosted:
            self._hosted[name] = await asyncio.to_thread(self._read_expert, name, expert)
        return self._hosted[name]

    def _read_expert(self, name: str, expert: VllmExpert) -> _Hosted:
        folder = model_folder(expert)
        config = read_model_config(folder)
        check_weights(folder)
        spec = EngineSpec(
            expert=name,
            folder=str(folder),
            family=engine_family(config, expert.engine),
            reload_obstacle=reload_obstacle(config, expert.engine),
            engine=expert.engine,
            device=self._device,
            kv_cache_bytes=int(self._hosting.kv_cache_gib * 2**30) if self._device == "cpu" else None,
            verify_reload=self._hosting.verify_reload,
        )
        try:
            tokenizer = ChatTokenizer(folder, trust_remote_code=expert.engine.trust_remote_code)
        except (OSError, ValueError) as error:
            raise ExpertUnavailable(f"its tokenizer in {folder} cannot be read: {error}") from error
        return _Hosted(spec, tokenizer)

    async def _make_resident(self, hosted: _Hosted) -> tuple[EngineProcess, Loaded]:
        """The engine with the expert in it, after a switch if need be.

        Raises:
            ExpertError: it cannot be made resident, in a fresh process either.
        """
        async with self._switching:
            if self._closed:
                raise ExpertUnavailable("the slot has been closed.")
            if self._process and self._loaded and self._resident == hosted.spec.expert:
                return self._process, self._loaded
            fresh = self._process is None
            try:
                return await self._switch(hosted)
            except ExpertTimeout:
                raise
            except ExpertUnavailable:
                if fresh:
                    raise
                _log.warning("loading %s in the warm process failed; trying a fresh one", hosted.spec.expert)
                return await self._switch(hosted)

    async def _switch(self, hosted: _Hosted) -> tuple[EngineProcess, Loaded]:
        started, fresh = time.perf_counter(), self._process is None
        if self._process is None:
            self._process = EngineProcess(
                engine_environment(self._device, self._threads), self._on_event, self._on_end
            )
            self._watchdog = self._watchdog or asyncio.create_task(self._watch())
        process, self._resident = self._process, None
        try:
            loaded = await process.load(hosted.spec, self._hosting.start_timeout_s)
        except ExpertError:
            await process.kill()
            self._process = None
            raise
        self._resident, self._loaded = hosted.spec.expert, loaded
        self._switches.append(
            Switch(
                expert=hosted.spec.expert,
                kind="new_process" if fresh else loaded.kind,
                seconds=time.perf_counter() - started,
                note=loaded.note,
            )
        )
        return process, loaded

    # --- events of the engine process --------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, Tokens | Rejected) or self._resident is None:
            return
        batch = self._batches.get(int(event.id.split("/", 1)[0]))
        if batch is None:
            return
        if isinstance(event, Rejected):
            batch.refuse(event.id, event.error)
        elif batch.on_tokens(event, self._hosted[self._resident].tokenizer):
            self._remember(asyncio.create_task(self._tell(Abort((event.id,)))))

    def _remember(self, task: asyncio.Task[None]) -> None:
        """Hold a reference while the task runs; the event loop itself holds none."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_end(self, process: EngineProcess) -> None:
        if process is not self._process:
            return  # an earlier one, killed on purpose
        self._process = self._resident = self._loaded = None
        for batch in self._batches.values():
            batch.lose()

    async def _watch(self) -> None:
        """Kill an engine that has work and makes no step."""
        bound = self._hosting.hang_timeout_s
        while True:
            await asyncio.sleep(min(bound / 4, 5.0))
            process = self._process
            working = any(b.running for b in self._batches.values())
            if process and working and time.monotonic() - process.last_sign_of_life > bound:
                _log.warning("engine process %d made no step for %g s; killing it", process.pid, bound)
                await process.kill()


async def _ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task, if there is one, and wait until it has gone."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def engine_environment(device: Literal["cpu", "gpu"], threads: int) -> dict[str, str]:
    """Environment variables of an engine process."""
    common = {
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # Weights were resolved to a folder before; nothing may be fetched behind our back.
        "HF_HUB_OFFLINE": "1",
    }
    if device == "gpu":
        # The comparison of weights is a callable sent to vLLM's own worker process.
        return common | {"VLLM_ALLOW_INSECURE_SERIALIZATION": "1"}
    return common | {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        # Nothing is compiled in eager mode but small helpers, for which a C++ compiler must be there
        # and seconds are paid at the first use.
        "TORCHDYNAMO_DISABLE": "1",
        # Ray gives an actor OMP_NUM_THREADS of its own; slots must not all bind to the same cores.
        "OMP_NUM_THREADS": str(threads),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
