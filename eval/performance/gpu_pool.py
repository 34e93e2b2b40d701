"""Sixteen experts in four families on one device: a round as we schedule it, against loading per query.

A part of `gpu_hosting`. The baseline is the same engine driven as a system without a scheduler would be: a
query's experts are asked one after another, in the order of arrival, and each that is not resident gets a new
engine in the warm process (its engine arguments make it a family of its own). It is measured on the first
queries only and scaled, by medians, to the exact number of loads and requests. Knows no router: choices are
drawn.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.performance.gpu_models import write_model
from eval.performance.gpu_setup import Report, Setup
from eval.performance.gpu_throughput import prompts
from eval.performance.measuring import timed
from eval.performance.planning_scale import draw_choices
from experts.completion import Request
from experts.config import VllmExpert
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message
from experts.scheduling.switches import count

_EXPERTS, _FAMILIES, _K = 16, 4, 3
_SHARE = 0.8
_ROUND_S, _QUERY_S = 150.0, 60.0
"""First guesses of our round and of one query of the baseline, for the decision whether there is time."""
_SAMPLE = 2
"""Queries of the baseline that are run, each twice."""

Choices = Sequence[tuple[str, ...]]


async def measure(setup: Setup, report: Report) -> None:
    """One row for our round, one for each sampled query, one that compares."""
    shape = setup.shapes[0]
    queries = 480 if setup.device == "gpu" else 48
    folders = await asyncio.to_thread(_write, setup)
    choices, _ = draw_choices(queries, _EXPERTS, _K)
    asked = _requests(setup, choices)
    report.add(
        what="work",
        shape=shape.name,
        experts=_EXPERTS,
        families=_FAMILIES,
        queries=queries,
        requests=len(asked),
    )
    ours = await _round(setup, report, folders, asked)
    run, loads, requests = await _sample(setup, report, folders, asked)
    if ours is None or not loads:
        return
    n = loads_in_order([r.expert for r in asked])
    scaled = n * statistics.median(loads) + len(asked) * statistics.median(requests)
    report.add(
        what="loading per query, scaled from the sample",
        run=run,
        loads=n,
        seconds=scaled,
        load_s=statistics.median(loads),
        request_s=statistics.median(requests),
        ratio=scaled / ours,
    )


def loads_in_order(experts: Sequence[str]) -> int:
    """Loads where requests are answered one after another and only the last expert is resident."""
    return sum(a != b for a, b in zip(["", *experts], experts, strict=False))


def _write(setup: Setup) -> dict[str, Path]:
    shape = setup.shapes[0]
    return {
        name: write_model(setup.scratch / "models" / name, shape.family(i % _FAMILIES), seed=i)
        for i, name in enumerate(f"expert{i:04}" for i in range(_EXPERTS))
    }


def _requests(setup: Setup, choices: Choices) -> list[Request]:
    sampling = setup.expert(setup.scratch, share=_SHARE).sampling
    texts = prompts(len(choices), seed=0)
    return [
        Request(
            id=f"{i}/{name}",
            expert=name,
            query_id=str(i),
            messages=(Message("user", text),),
            sampling=sampling,
        )
        for i, (text, names) in enumerate(zip(texts, choices, strict=True))
        for name in names
    ]


async def _round(
    setup: Setup, report: Report, folders: Mapping[str, Path], asked: Sequence[Request]
) -> float | None:
    """All requests as one batch, after the slot has been started with one of them."""
    if not report.time_for(_ROUND_S):
        return None
    experts = {name: setup.expert(folder, share=_SHARE) for name, folder in folders.items()}
    engine = HostedEngine(experts, setup.hosting())
    try:
        start_s, _ = await timed(engine, asked[:1])
        before = len(engine.switches())
        seconds, _ = await timed(engine, asked)
        switches = engine.switches()[before:]
    finally:
        await engine.close()
    report.add(
        what="ours, one round",
        start_s=start_s,
        seconds=seconds,
        loads=len(switches),
        **asdict(count(switches)),
        switching_s=sum(s.seconds for s in switches),
        notes=[s.note for s in switches if s.note][:3],
    )
    return seconds


async def _sample(
    setup: Setup, report: Report, folders: Mapping[str, Path], asked: Sequence[Request]
) -> tuple[int, list[float], list[float]]:
    """Which run of the sample counts, and its seconds of each load and of each request.

    The second, where there was time for it: the first starts the process and may compile.
    """
    experts: dict[str, VllmExpert] = {
        # The engine's own seed, without effect on greedy answers, sets each expert apart from all others.
        name: setup.expert(folder, share=_SHARE, seed=i + 1)
        for i, (name, folder) in enumerate(folders.items())
    }
    engine = HostedEngine(experts, setup.hosting())
    kept: tuple[int, list[float], list[float]] = (0, [], [])
    try:
        for run, query in ((r, q) for r in (1, 2) for q in range(_SAMPLE)):
            if not report.time_for(_QUERY_S if setup.device == "gpu" else 20.0):
                break
            mine = [r for r in asked if r.query_id == str(query)]
            loads, requests = await _query(engine, mine)
            seconds = sum(loads) + sum(requests)
            report.add(what="loading per query", run=run, query=query, loads=len(loads), seconds=seconds)
            before = kept if kept[0] == run else (run, [], [])
            kept = (run, before[1] + loads, before[2] + requests)
    finally:
        await engine.close()
    return kept


async def _query(engine: HostedEngine, requests: Sequence[Request]) -> tuple[list[float], list[float]]:
    """Ask a query's experts one after another; seconds of loads, and of requests without them."""
    loads, alone = [], []
    for request in requests:
        before = len(engine.switches())
        seconds, _ = await timed(engine, [request])
        switches = engine.switches()[before:]
        loads += [s.seconds for s in switches]
        alone.append(seconds - sum(s.seconds for s in switches))
    return loads, alone


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ours and the baseline, side by side."""
    shown = ("what", "run", "loads", "seconds", "ratio")
    kept = [row for row in rows if "seconds" in row]
    return [{name: row.get(name, "") for name in shown} for row in kept]
