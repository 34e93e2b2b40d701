"""What our order and our switches save: one batch three ways, on the miniature pool.

    python -m eval.performance.switching

- *ours*: the batch as it is submitted; families together, weights reloaded in place.
- *grouped*: grouped by expert, with a new engine in the warm process for each, as Symbolic-MoE does it.
- *arrival*: query by query, a new engine for each expert; measured on a few queries, since each takes the
  same switches, and scaled to the batch.

A new engine for each is had by giving every expert an engine argument of its own (`max_num_seqs`), so
that no two are of one family; all else is the same code. Each way starts with a warm process in which one
of the pool's experts is resident.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from compound.config import default_config_path, load_config
from eval.benchmarks.names import load_benchmark
from eval.performance.measuring import keep, timed
from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import ConfigError
from experts.hosting.hosted_engine import HostedEngine
from experts.prompts import render_messages
from experts.scheduling.switches import Switch, count

POOLS: Mapping[str, tuple[str, ...]] = {
    "one family": ("abacus", "atlas", "ledger", "almanac", "linguist"),
    "mixed": ("abacus", "atlas", "ledger", "almanac", "linguist", "clerk", "reporter", "scholar"),
}
ARRIVAL_QUERIES = 4


def _experts(names: Sequence[str], *, apart: bool) -> dict[str, VllmExpert]:
    """The experts; with `apart`, each in an engine family of its own."""
    config = load_config(default_config_path())
    found = {}
    for i, name in enumerate(names):
        expert = config.experts[name]
        if not isinstance(expert, VllmExpert):
            raise ConfigError(f"{name!r} is not hosted here.")
        engine = expert.engine.model_copy(update={"max_num_seqs": expert.engine.max_num_seqs - i})
        found[name] = expert.model_copy(update={"engine": engine}) if apart else expert
    return found


def _requests(names: Sequence[str], queries: int, k: int, tag: str) -> list[Request]:
    """Requests in order of arrival: for every query k different experts, drawn evenly."""
    config, rng = load_config(default_config_path()), random.Random(0)
    asked = []
    for question in load_benchmark("pocket", "test", queries):
        messages = render_messages(question.query, config.prompts)
        asked += [
            Request(
                id=f"{tag}/{question.id}/{name}",
                expert=name,
                query_id=question.id,
                messages=messages,
                sampling=config.experts[name].sampling,
            )
            for name in rng.sample(list(names), k)
        ]
    return asked


async def _timed(engine: HostedEngine, batches: Sequence[Sequence[Request]]) -> dict[str, Any]:
    """Seconds and switches of batches that are submitted one after another."""
    before, started = len(engine.switches()), time.perf_counter()
    for batch in batches:
        await timed(engine, batch)
    seconds = time.perf_counter() - started
    switches: list[Switch] = engine.switches()[before:]
    counts = count(switches)
    return {
        "seconds": seconds,
        "switch_seconds": sum(s.seconds for s in switches),
        "switches": counts.total,
        "reloads": counts.reload,
        "new_engines": counts.new_engine,
        "new_processes": counts.new_process,
        "reload_seconds": [s.seconds for s in switches if s.kind == "reload"],
    }


async def _way(
    names: Sequence[str], hosting: HostingConfig, queries: int, k: int, rounds: int, *, apart: bool
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Rounds of the whole batch, and, with engines apart, the sample in order of arrival."""
    engine = HostedEngine(_experts(names, apart=apart), hosting)
    try:
        await _timed(engine, [_requests(names, 5, k, "warm")])
        rows = [await _timed(engine, [_requests(names, queries, k, f"round {r}")]) for r in range(rounds)]
        if not apart:
            return rows, None
        arriving = _requests(names, ARRIVAL_QUERIES, k, "arrival")
        return rows, await _timed(engine, [[request] for request in arriving])
    finally:
        await engine.close()


def _middle(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row with the median of the seconds."""
    return dict(sorted(rows, key=lambda row: row["seconds"])[len(rows) // 2])


async def _pool(pool: str, queries: int, k: int, rounds: int) -> dict[str, Any]:
    names, hosting = POOLS[pool], load_config(default_config_path()).hosting
    own, _ = await _way(names, hosting, queries, k, rounds, apart=False)
    apart, sample = await _way(names, hosting, queries, k, rounds, apart=True)
    assert sample is not None
    ours, grouped = _middle(own), _middle(apart)
    scale = queries / ARRIVAL_QUERIES
    arrival = {name: sample[name] * scale for name in ("seconds", "switch_seconds", "switches")}
    reloads = [s for row in own for s in row["reload_seconds"]]
    return {
        "pool": pool,
        "experts": len(names),
        "queries": queries,
        "k": k,
        "rounds": rounds,
        "ours": ours,
        "grouped": grouped,
        "arrival": arrival | {"measured_queries": ARRIVAL_QUERIES, "measured": sample},
        "seconds_of_all_rounds": {
            "ours": [r["seconds"] for r in own],
            "grouped": [r["seconds"] for r in apart],
        },
        "reload_s": {"median": statistics.median(reloads), "largest": max(reloads), "n": len(reloads)},
        "switching_times_lower": grouped["switch_seconds"] / ours["switch_seconds"],
        "faster_than_grouped": grouped["seconds"] / ours["seconds"],
        "faster_than_arrival": arrival["seconds"] / ours["seconds"],
    }


def run(queries: int = 400, k: int = 3, rounds: int = 3) -> list[dict[str, Any]]:
    """Both pools, all ways, in one run; seconds are those of the round with the median time."""
    return [asyncio.run(_pool(pool, queries, k, rounds)) for pool in POOLS]


def show(rows: Sequence[Mapping[str, Any]], screen: Console) -> None:
    """The rows in words."""
    for row in rows:
        screen.print(f"{row['pool']}: {row['experts']} experts, {row['queries']} queries, k = {row['k']}")
        for way in ("ours", "grouped", "arrival"):
            part = row[way]
            screen.print(
                f"  {way:8s} {part['seconds']:8.1f} s, of which {part['switch_seconds']:7.2f} s in "
                f"{part['switches']:.0f} switches" + (" (scaled)" if way == "arrival" else "")
            )
        reload = row["reload_s"]
        screen.print(
            f"  reload {reload['median']:.3f} s, the longest of {reload['n']} {reload['largest']:.3f} s"
        )
        screen.print(
            f"  switching {row['switching_times_lower']:.1f} times lower and end to end "
            f"{row['faster_than_grouped']:.2f} times faster than grouped; "
            f"{row['faster_than_arrival']:.0f} times faster than in order of arrival"
        )


def main(
    queries: Annotated[int, typer.Option("-n", help="Queries in the batch.")] = 400,
    k: Annotated[int, typer.Option("-k", help="Experts a query.")] = 3,
    rounds: Annotated[int, typer.Option(help="Rounds of ours and of grouped.")] = 3,
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Compare ways to run one batch over many experts on one slot."""
    rows = run(queries, k, rounds)
    show(rows, Console(highlight=False, width=140))
    keep(rows, out)


if __name__ == "__main__":
    typer.run(main)
