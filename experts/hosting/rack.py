"""The engine processes of a slot: one is awake, others may be parked beside it.

Decides, for an expert that must become resident, between a reload in the live engine, waking a
parked engine of its family, a new engine in the warm process, and a new process; carries it out
step by step (put to sleep, verify that memory is free, wake, reload), and recycles what misbehaves.
Knows no requests and no texts; callers make sure that nothing runs while it switches.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from experts.errors import ExpertError, ExpertTimeout, ExpertUnavailable
from experts.hosting.engine_process import EngineProcess
from experts.hosting.messages import EngineSpec, Loaded
from experts.hosting.records import Fault, FaultKind
from experts.scheduling.switches import Switch, SwitchKind
from experts.scheduling.work import SlotState

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_LEAST_FREED = 0.7
"""Share of an engine's device memory that falling asleep must give back. The CUDA context and graphs
stay; vLLM states that over 90% comes back. Less means a leak, and the next engine would not fit."""


@dataclass(slots=True)
class Mounted:
    """An engine process and what it holds."""

    process: EngineProcess
    spec: EngineSpec
    loaded: Loaded
    fresh: bool = True
    """Whether it holds the weights of `spec` now; false after a sleep that drops them."""


class EngineRack:
    """Engines of one slot; at most one is awake."""

    def __init__(
        self,
        start: Callable[[], EngineProcess],
        *,
        parked: int,
        sleep_level: int,
        timeout_s: float,
        slot: str,
    ) -> None:
        """An empty rack.

        Args:
            start: makes a process.
            parked: how many engines are kept beside the one that is awake.
            sleep_level: vLLM's level for parked engines on a GPU.
            timeout_s: bound on every single step of a switch.
            slot: name, for records.
        """
        self._start, self._capacity, self._level = start, parked, sleep_level
        self._timeout_s, self._slot = timeout_s, slot
        self._starting: EngineProcess | None = None
        """A process without an engine yet."""
        self.awake: Mounted | None = None
        self._parked: list[Mounted] = []
        """Longest asleep first."""
        self._faults: list[Fault] = []

    @property
    def process(self) -> EngineProcess | None:
        """The process that works now, if any."""
        return self.awake.process if self.awake else self._starting

    def state(self) -> SlotState:
        """What is resident and what is parked."""
        spec = self.awake.spec if self.awake else None
        return SlotState(
            expert=spec.key if spec else None,
            family=spec.scheduled_family if spec else None,
            parked=tuple((m.spec.scheduled_family, m.spec.key) for m in self._parked),
        )

    def take_faults(self) -> list[Fault]:
        """What went wrong while switching since this was last called, oldest first."""
        taken, self._faults = self._faults, []
        return taken

    async def make_resident(self, spec: EngineSpec) -> tuple[Mounted, Switch | None]:
        """The engine with the expert in it, after a switch if need be.

        Raises:
            ExpertTimeout: a step took too long.
            ExpertUnavailable: not even a fresh process, with nothing beside it, could load it.
        """
        if self.awake and self.awake.spec.key == spec.key and self.awake.fresh:
            return self.awake, None
        clean = self.process is None and not self._parked
        try:
            return await self._switch(spec)
        except ExpertTimeout as error:
            self._record("engine_hung", spec.expert, str(error))
            raise
        except ExpertUnavailable as error:
            if clean:
                raise
            # Memory that something else still holds is the usual reason: nothing is kept beside it.
            self._record("load_failed", spec.expert, f"{error} It is tried again in a fresh process.")
            await self.close()
            return await self._switch(spec)

    async def _switch(self, spec: EngineSpec) -> tuple[Mounted, Switch]:
        started = time.perf_counter()
        kind: SwitchKind = "reload"
        if self.awake is None or self.awake.spec.family != spec.family:
            kind = await self._mount_family(spec)
        note, loaded = None, None
        if self.awake is None or self.awake.spec.key != spec.key or not self.awake.fresh:
            loaded = await self._load(spec)
            note = loaded.note
            if kind != "new_process" and loaded.kind == "new_engine":
                kind = "new_engine"
        assert self.awake is not None
        seconds = time.perf_counter() - started
        reloaded = kind == "wake" and loaded is not None
        return self.awake, Switch(
            expert=spec.expert, kind=kind, seconds=seconds, slot=self._slot, reloaded=reloaded, note=note
        )

    async def _mount_family(self, spec: EngineSpec) -> SwitchKind:
        """Have the process awake in which `spec` is to be loaded; how that was done."""
        if self.awake and not self._capacity:
            return "new_engine"
        await self._park()
        # Looked for only now: an engine may have died while the other one fell asleep.
        parked = next((m for m in self._parked if m.spec.family == spec.family), None)
        if parked is None:
            while len(self._parked) > self._capacity:
                await self._parked.pop(0).process.close()
            self._starting = self._start()
            return "new_process"
        self._parked.remove(parked)
        self.awake = parked
        await self._guarded(parked.process, parked.process.wake(self._timeout_s))
        return "wake"

    async def _park(self) -> None:
        """Put the live engine to sleep; end it where it leaks."""
        mounted, self.awake = self.awake, None
        if mounted is None:
            return
        sleeping = mounted.process.sleep(self._level, self._timeout_s)
        try:
            slept = await self._guarded(mounted.process, sleeping)
        except ExpertError as error:
            self._record("load_failed", mounted.spec.expert, f"Its engine was ended: {error}")
            return
        if slept.freed_bytes < _LEAST_FREED * mounted.loaded.footprint_bytes:
            self._record(
                "memory_not_freed",
                mounted.spec.expert,
                f"Its sleeping engine gave back {slept.freed_bytes:,} of "
                f"{mounted.loaded.footprint_bytes:,} bytes of device memory and was ended.",
            )
            await mounted.process.kill()
            return
        # On a CPU nothing is dropped.
        mounted.fresh = mounted.fresh and not (mounted.spec.can_sleep and self._level == 2)
        self._parked.append(mounted)

    async def _load(self, spec: EngineSpec) -> Loaded:
        process = self.process
        assert process is not None
        loaded = await self._guarded(process, process.load(spec, self._timeout_s))
        self.awake, self._starting = Mounted(process, spec, loaded), None
        return loaded

    async def _guarded(self, process: EngineProcess, step: Awaitable[_T]) -> _T:
        """A step of a switch; a process in which one failed or was broken off is not to be trusted."""
        try:
            return await step
        except (ExpertError, asyncio.CancelledError):
            self.drop(process)
            await process.kill()
            raise

    def drop(self, process: EngineProcess) -> bool:
        """Forget a process that has ended; whether it was the one that worked."""
        worked = process is self.process
        if worked:
            self.awake = self._starting = None
        self._parked = [m for m in self._parked if m.process is not process]
        return worked

    async def close(self) -> None:
        """End all engines."""
        mounted = [self.awake, *self._parked]
        processes = [m.process for m in mounted if m] + ([self._starting] if self._starting else [])
        self.awake, self._starting, self._parked = None, None, []
        for process in processes:
            await process.close()

    def _record(self, kind: FaultKind, expert: str, detail: str) -> None:
        _log.warning("%s: %s: %s", self._slot, expert, detail)
        self._faults.append(Fault(kind=kind, slot=self._slot, expert=expert, detail=detail))
