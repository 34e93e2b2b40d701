"""What it costs to make an expert resident, by every way there is: a part of `gpu_hosting`.

For each shape two models of one family, and the first one's weights again as a second family. All goes
through `EngineRack` and `EngineProcess`, as in a slot, without Ray. Files are in the page cache: they have
just been written.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval.performance.gpu_models import Shape, same_weights, write_model
from eval.performance.gpu_setup import Report, Setup
from experts.hosting.engine_process import EngineProcess
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_expert import read_expert
from experts.hosting.messages import EngineSpec
from experts.hosting.rack import EngineRack

_SHARE = 0.5
"""Of the GPU's memory for the engine that is awake; the rest is room for what a parked one keeps."""
_ROUNDS = 2
"""Of one new process, two new engines and the reloads; a start takes tens of seconds on a GPU."""
_RELOADS, _WAKES = 3, 4
"""Times there and back within a round, and with two engines beside each other."""
_ROUND_S = 90.0
"""First guess of a round, for the decision whether there is time for it; then the last one tells."""


@dataclass(frozen=True, slots=True)
class _Models:
    """Two models of one family, and the weights of the first as another family."""

    one: Path
    two: Path
    elsewhere: Path


class _Bench:
    """A rack whose switches become rows of a report."""

    def __init__(self, setup: Setup, report: Report, shape: Shape, *, parked: int) -> None:
        """An empty rack.

        Args:
            setup: device and bounds.
            report: where rows go.
            shape: of all models that are switched here.
            parked: engines kept beside the one that is awake.
        """
        self._setup, self._report, self._shape = setup, report, shape
        self._hosting = setup.hosting(parked=parked)
        self.timeout_s = self._hosting.start_timeout_s
        self.rack = EngineRack(
            self._start, parked=parked, sleep_level=1, timeout_s=self.timeout_s, slot="trial"
        )
        self._starts = itertools.count()

    def spec(self, folder: Path) -> EngineSpec:
        """The engine of a model, as a slot would ask for it."""
        expert = self._setup.expert(folder, share=_SHARE)
        return read_expert(folder.name, expert, self._hosting, self._setup.device).spec

    async def switch(self, spec: EngineSpec) -> None:
        """Make an expert resident; one row where that was a switch."""
        _, switch = await self.rack.make_resident(spec)
        if switch is None:
            return
        reloads = switch.kind == "reload" or switch.reloaded
        self.row(
            f"{switch.kind} + reload" if switch.reloaded else switch.kind,
            switch.seconds,
            verified=spec.verify_reload if reloads else None,
            note=switch.note,
            faults=[fault.detail for fault in self.rack.take_faults()] or None,
        )

    def row(self, way: str, seconds: float, **more: object) -> None:
        """Keep one measurement; what is None is left out."""
        self._report.add(
            shape=self._shape.name,
            way=way,
            parked=self._hosting.parked_engines,
            seconds=seconds,
            s_per_gb=seconds / (self._shape.weight_bytes / 1e9),
            **{name: value for name, value in more.items() if value is not None},
        )

    def _start(self) -> EngineProcess:
        environment = engine_environment(self._setup.device, self._setup.threads)
        process = EngineProcess(environment, lambda event: None, self._ended)
        # The process's log goes with it, and with it the cause of a failure.
        name = f"{self._shape.name}-parked{self._hosting.parked_engines}-{next(self._starts)}.log"
        with contextlib.suppress(OSError):
            os.link(process.log_path, self._setup.scratch / name)
        return process

    def _ended(self, process: EngineProcess) -> None:
        self.rack.drop(process)


async def measure(setup: Setup, report: Report) -> None:
    """Rows of all ways for each shape; see the module."""
    for shape in setup.shapes:
        # In a thread, so that the bound on the part is kept while gigabytes are written.
        models = await asyncio.to_thread(_write, setup.scratch / "models", shape)
        for parked, steps in ((0, _starts_and_reloads), (1, _sleeps)):
            bench = _Bench(setup, report, shape, parked=parked)
            try:
                await steps(bench, report, models)
            finally:
                await bench.rack.close()
        await asyncio.to_thread(shutil.rmtree, setup.scratch / "models")


def _write(folder: Path, shape: Shape) -> _Models:
    one, two = (write_model(folder / f"{shape.name}-{seed}", shape, seed) for seed in (1, 2))
    return _Models(one, two, same_weights(folder / f"{shape.name}-other", one, shape.family(1)))


async def _starts_and_reloads(bench: _Bench, report: Report, models: _Models) -> None:
    one, two, elsewhere = (bench.spec(f) for f in (models.one, models.two, models.elsewhere))
    needs_s = _ROUND_S
    for _ in range(_ROUNDS):
        if not report.time_for(needs_s):
            return
        began = time.monotonic()
        await bench.rack.close()
        for spec in (one, elsewhere, one):
            await bench.switch(spec)
        for verify in (True, False):
            for _ in range(_RELOADS):
                await bench.switch(replace(two, verify_reload=verify))
                await bench.switch(replace(one, verify_reload=verify))
        needs_s = time.monotonic() - began


async def _sleeps(bench: _Bench, report: Report, models: _Models) -> None:
    """Two engines of which one is parked, then one engine that is put to sleep and woken by itself."""
    if not report.time_for(_ROUND_S):
        return
    one, two, elsewhere = (bench.spec(f) for f in (models.one, models.two, models.elsewhere))
    await bench.switch(one)
    await bench.switch(elsewhere)
    for _ in range(_WAKES):
        await bench.switch(one)
        await bench.switch(elsewhere)
    for spec in (two, elsewhere, one, elsewhere):
        await bench.switch(spec)
    mounted = bench.rack.awake
    assert mounted is not None
    for level in (1, 2):
        for _ in range(_WAKES):
            await _sleep_and_wake(bench, mounted.process, mounted.spec, level)


async def _sleep_and_wake(bench: _Bench, process: EngineProcess, spec: EngineSpec, level: int) -> None:
    times = [time.perf_counter()]
    slept = await process.sleep(level, bench.timeout_s)
    times.append(time.perf_counter())
    await process.wake(bench.timeout_s)
    times.append(time.perf_counter())
    bench.row(f"only sleep, level {level}", times[1] - times[0], freed_gb=slept.freed_bytes / 1e9)
    bench.row(f"only wake, level {level}", times[2] - times[1])
    if level == 2:
        # Level 2 drops the weights; without this the engine would answer from noise.
        loaded = await process.load(spec, bench.timeout_s)
        bench.row(f"only {loaded.kind} after level 2", loaded.seconds, verified=True, note=loaded.note)


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Median, least and most seconds of each way, in the order of first appearance."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if "way" in row:
            key = (row["shape"], row["way"], row["parked"], row.get("verified"))
            groups.setdefault(key, []).append(row)
    return [
        {
            "shape": shape,
            "way": way,
            "parked": parked,
            "verified": "" if verified is None else verified,
            "n": len(group),
            "median_s": statistics.median(r["seconds"] for r in group),
            "least_s": min(r["seconds"] for r in group),
            "most_s": max(r["seconds"] for r in group),
            "s_per_gb": statistics.median(r["s_per_gb"] for r in group),
        }
        for (shape, way, parked, verified), group in groups.items()
    ]
