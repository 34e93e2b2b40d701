"""A slot: owns one device share, on which one expert at a time is resident, and runs batches there.

Runs as a Ray actor (see `placement`), but imports no Ray: it is a plain asynchronous class. Work of an
engine that dies or hangs is tried once more here, in a fresh one; then it is given back. Which batch
comes next is not its business (see `coordinator`); how engines are switched is the rack's.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Literal

from experts.completion import Completion, Delta, Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError, ExpertError, ExpertUnavailable
from experts.hosting.engine_process import EngineProcess
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_expert import HostedExpert, model_key, read_ahead, read_expert
from experts.hosting.messages import Abort, Event, Loaded, Rejected, Submit, Tokens
from experts.hosting.rack import EngineRack, Mounted
from experts.hosting.records import Fault, FaultKind, Refused, SlotStatus, WorkDone
from experts.hosting.residency import ResidencyGate
from experts.hosting.running import RunningBatch
from experts.hosting.tokenizing import ChatTokenizer
from experts.scheduling.switches import Switch

_log = logging.getLogger(__name__)
_ATTEMPTS = 2
"""Work of an engine that died or hung is tried this often on a slot."""
_FEED = 64
"""Requests tokenized and submitted at a time."""
_GATHER_S = 0.3
"""Completions of a batch are passed on together, at most this late: each crossing costs Ray time."""
_ORPHANED_S = 300.0
"""A slot that nobody has asked for so long has lost coordinator and clients, and must not keep a device."""

SlotEvent = Delta | Completion | Switch | WorkDone | Fault | Refused


class Slot:
    """One device share."""

    def __init__(
        self, name: str, hosting: HostingConfig, device: Literal["cpu", "gpu"], threads: int
    ) -> None:
        """A slot without an engine process; the first work starts one.

        Args:
            name: for records.
            hosting: bounds and sizes.
            device: what the engine runs on.
            threads: CPU threads of the engine's arithmetic.
        """
        self._name, self._hosting, self._device, self._threads = name, hosting, device, threads
        self._gate = ResidencyGate()
        self._switching, self._reading = asyncio.Lock(), asyncio.Lock()
        self._rack = EngineRack(
            self._start_process,
            parked=hosting.parked_engines,
            sleep_level=hosting.sleep_level,
            timeout_s=hosting.start_timeout_s,
            slot=name,
        )
        self._hosted: dict[str, HostedExpert] = {}
        self._batches: dict[int, RunningBatch] = {}
        self._serials = itertools.count()
        self._worked_until = 0.0
        """Monotonic seconds up to which work has been accounted for."""
        self._hung: set[int] = set()
        """Processes that were killed because they made no step."""
        self._closed = False
        self._asked = time.monotonic()
        """When a coordinator last asked how it goes."""
        self._watchdog: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- what clients call -----------------------------------------------------------------

    async def run(
        self, name: str, expert: VllmExpert, requests: Sequence[Request], deltas: bool
    ) -> AsyncIterator[Sequence[SlotEvent]]:
        """Generate for one expert; chunks of events.

        Every request gets one completion, unless a `Refused` comes: then what has none is given back.
        """
        serial = next(self._serials)
        batch = self._batches[serial] = RunningBatch(serial, requests, deltas=deltas)
        feeding: asyncio.Task[None] | None = None
        try:
            async with self._gate.use(model_key(expert)):
                for attempt in range(1, _ATTEMPTS + 1):
                    feeding = await self._start(name, expert, batch)
                    started = time.monotonic()
                    while chunk := await batch.next_events(0.0 if deltas else _GATHER_S):
                        yield chunk
                    await _ended(feeding)
                    if not batch.lost:
                        break
                    yield [self._after_loss(name, batch, last=attempt == _ATTEMPTS)]
                while chunk := await batch.next_events():
                    yield chunk
                if batch.answered:
                    yield [self._work_done(name, requests, batch, started)]
        finally:
            await _ended(feeding)
            del self._batches[serial]
            await self._tell(Abort(batch.keys()))

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early, running or waiting."""
        for batch in list(self._batches.values()):
            batch.abandon(request_ids)
            await self._tell(Abort(batch.keys(request_ids)))

    async def prefetch(self, name: str, expert: VllmExpert) -> int:
        """Get ready for an expert while another works: files checked, weights in the page cache.

        Returns bytes read; 0 where it cannot be had, which its own batch will say in words.
        """
        try:
            hosted = await self._host(name, expert)
            return await asyncio.to_thread(read_ahead, hosted.spec.folder)
        except (CompoundError, OSError):
            _log.info("%s cannot be prefetched", name, exc_info=True)
            return 0

    async def status(self) -> SlotStatus:
        """What is resident, and who runs."""
        self._asked = time.monotonic()
        if not self._closed:
            self._watchdog = self._watchdog or asyncio.create_task(self._watch())
        process = self._rack.process
        return SlotStatus(
            name=self._name,
            state=self._rack.state(),
            pid=os.getpid(),
            engine_pid=process.pid if process else None,
            node=os.uname().nodename,
            running=tuple(b.expert for b in self._batches.values()),
        )

    async def close(self) -> None:
        """End the engine processes; running work fails, and nothing is started any more."""
        self._closed = True
        if self._watchdog:
            self._watchdog.cancel()
        await self._rack.close()

    # --- running a batch -------------------------------------------------------------------

    async def _start(self, name: str, expert: VllmExpert, batch: RunningBatch) -> asyncio.Task[None] | None:
        """Make the expert resident and begin to submit what is unfinished.

        Failures refuse the batch. Returns the task that submits, where there is something to submit.
        """
        if batch.finished:
            return None
        batch.restart()
        try:
            hosted = await self._host(name, expert)
            mounted, switch = await self._make_resident(name, hosted)
        except CompoundError as error:
            batch.restart()  # a process that died while loading has marked it as lost, with nothing sent
            batch.put(*self._rack.take_faults())
            batch.give_back(f"Expert {name!r} cannot answer: {error}", retryable=error.retryable)
            return None
        # A process that died while loading, and was replaced, has marked the batch as lost.
        batch.restart()
        batch.put(*self._rack.take_faults(), *([switch] if switch else []))
        feed = self._feed(mounted.process, mounted.loaded, hosted.tokenizer, batch)
        return asyncio.create_task(feed)

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
            batch.lose(hung=process.pid in self._hung)
        except Exception as error:  # noqa: BLE001  # a task of its own: whatever it is must reach the caller
            _log.exception("a batch could not be tokenized")
            batch.fail_rest(
                f"The questions could not be tokenized: {type(error).__name__}: {error}", retryable=False
            )

    def _after_loss(self, name: str, batch: RunningBatch, *, last: bool) -> Fault:
        kind: FaultKind = "engine_hung" if batch.hung else "engine_died"
        what = "hung" if batch.hung else "died"
        problem = f"The engine of expert {name!r} {what} while answering"
        # Text that has been shown cannot be taken back and begun again.
        batch.fail_rest(f"{problem}; the answer is cut short.", retryable=True, shown_only=True)
        affected = batch.unfinished
        if last:
            batch.give_back(f"{problem}, {_ATTEMPTS} times.", retryable=True)
        else:
            batch.note(f"{problem}; the question was asked again.")
        detail = f"{problem}; {affected} questions {'were given back' if last else 'were asked again'}."
        return Fault(kind=kind, slot=self._name, expert=name, requests=affected, detail=detail)

    def _work_done(
        self, name: str, requests: Sequence[Request], batch: RunningBatch, started: float
    ) -> WorkDone:
        now = time.monotonic()
        since = max(started, self._worked_until)
        self._worked_until = now
        usage = batch.usage
        return WorkDone(
            expert=name,
            slot=self._name,
            requests=batch.answered,
            prompt_characters=sum(len(m.content) for r in requests for m in r.messages),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            seconds=now - since,
        )

    async def _tell(self, command: Abort) -> None:
        """Pass a command on to the engine, if there is one."""
        process = self._rack.process
        if process is not None and command.ids:
            with contextlib.suppress(ExpertError):
                await process.send(command)

    # --- residency -------------------------------------------------------------------------

    async def _host(self, name: str, expert: VllmExpert) -> HostedExpert:
        key = model_key(expert)
        # One at a time: a prefetch may want the same, and transformers' lazy imports fail in two threads.
        async with self._reading:
            if key not in self._hosted:
                self._hosted[key] = await asyncio.to_thread(
                    read_expert, name, expert, self._hosting, self._device
                )
            return self._hosted[key]

    async def _make_resident(self, name: str, hosted: HostedExpert) -> tuple[Mounted, Switch | None]:
        async with self._switching:
            if self._closed:
                raise ExpertUnavailable("the slot has been closed.")
            # The model may be known by another client's name for it.
            return await self._rack.make_resident(replace(hosted.spec, expert=name))

    def _start_process(self) -> EngineProcess:
        environment = engine_environment(self._device, self._threads)
        return EngineProcess(environment, self._on_event, self._on_end)

    # --- events of the engine process --------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        mounted = self._rack.awake
        if not isinstance(event, Tokens | Rejected) or mounted is None:
            return
        batch = self._batches.get(int(event.id.split("/", 1)[0]))
        if batch is None:
            return
        if isinstance(event, Rejected):
            batch.refuse(event.id, event.error)
        elif batch.on_tokens(event, self._hosted[mounted.spec.key].tokenizer):
            self._remember(asyncio.create_task(self._tell(Abort((event.id,)))))

    def _remember(self, task: asyncio.Task[None]) -> None:
        """Hold a reference while the task runs; the event loop itself holds none."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_end(self, process: EngineProcess) -> None:
        if self._rack.drop(process):  # else: a parked one, or one that was ended on purpose
            for batch in self._batches.values():
                batch.lose(hung=process.pid in self._hung)

    async def _watch(self) -> None:
        """Kill an engine that has work and makes no step; end where nobody asks for the slot any more."""
        bound = self._hosting.hang_timeout_s
        while True:
            await asyncio.sleep(min(bound / 4, 5.0))
            if not self._batches and time.monotonic() - self._asked > _ORPHANED_S:
                _log.warning("no coordinator has asked for %g s; ending", _ORPHANED_S)
                await self.close()
                os._exit(0)
            process = self._rack.process
            working = any(b.running for b in self._batches.values())
            if process and working and time.monotonic() - process.last_sign_of_life > bound:
                _log.warning("engine process %d made no step for %g s; killing it", process.pid, bound)
                self._hung.add(process.pid)
                await process.kill()


async def _ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task, if there is one, and wait until it has gone."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
