"""The online scheduler against first come first served and collating FIFO, simulated.

    python -m eval.performance.online_scheduling --out online.json

Poisson arrivals, Zipf(1.0) popularity over 16 experts of one family on 2 slots, load 0.7, one request at
a time on a slot, a switch 10 or 50 times as long as a request. The waiting bound is 8 x switch x experts
/ slots in every run. `collating_no_replica` is a stronger baseline than the usual one: no two slots have
one expert at a time. One large setting besides, 300 experts on 32 slots, with a quarter of the requests.
Counts and simulated seconds; nothing here depends on the machine but `wall_s`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval.performance.measuring import keep
from eval.simulation.policies import CollatingFifo, FirstComeFirstServed, Policy
from eval.simulation.simulator import Setting, simulate
from eval.simulation.summary import summarise
from eval.simulation.traces import poisson_trace
from experts.scheduling.decisions import Rules
from experts.scheduling.scheduler import Scheduler
from experts.scheduling.work import SwitchPrices

BOUND = 8.0
"""Waiting bound in switch prices x experts / slots."""


def policies(max_wait_s: float, capacity: int = 1) -> dict[str, Callable[[], Policy]]:
    """Makers of the policies that are compared, ours first."""
    return {
        "ours": lambda: Scheduler(Rules(max_wait_s=max_wait_s, capacity=capacity)),
        "first_come": lambda: FirstComeFirstServed(capacity),
        "collating": lambda: CollatingFifo(capacity),
        "collating_no_replica": lambda: CollatingFifo(capacity, replicate=False),
    }


def compare(
    *,
    ratio: float,
    seed: int,
    requests: int = 20_000,
    experts: int = 16,
    slots: int = 2,
    load: float = 0.7,
    capacity: int = 1,
    families: int = 1,
    only: tuple[str, ...] = (),
) -> dict[str, dict[str, float]]:
    """One trace through the policies (all, or `only` these); requests take 1 s, a switch `ratio` s."""
    bound = BOUND * ratio * experts / slots
    setting = Setting(
        slots=slots,
        capacity=capacity,
        prices=SwitchPrices(reload_s=ratio, engine_s=ratio, process_s=ratio),
        families=families,
        max_wait_s=bound,
    )
    rate = load * slots * capacity
    trace = poisson_trace(requests=requests, rate=rate, experts=experts, seed=seed)
    rows = {}
    for name, make in policies(bound, capacity).items():
        if only and name not in only:
            continue
        started = time.perf_counter()
        rows[name] = summarise(simulate(make(), trace, setting), slots)
        rows[name]["wall_s"] = time.perf_counter() - started
    return rows


def run(
    ratios: tuple[float, ...] = (10.0, 50.0), seeds: tuple[int, ...] = (0, 1, 2), requests: int = 20_000
) -> dict[str, Any]:
    """All runs of the bar, with the ratios to each baseline, and one large setting."""
    rows = []
    for ratio in ratios:
        for seed in seeds:
            policy = compare(ratio=ratio, seed=seed, requests=requests)
            ours = policy["ours"]
            against = {
                name: {
                    "switches": other["switches"] / ours["switches"],
                    "latency_mean": other["latency_mean_s"] / ours["latency_mean_s"],
                    "latency_p99": other["latency_p99_s"] / ours["latency_p99_s"],
                }
                for name, other in policy.items()
                if name != "ours"
            }
            rows.append({"ratio": ratio, "seed": seed, "policies": policy, "times_ours": against})
    large = compare(
        ratio=10.0,
        seed=0,
        requests=requests // 4,
        experts=300,
        slots=32,
        only=("ours", "collating_no_replica"),
    )
    return {"requests": requests, "bound": BOUND, "runs": rows, "experts_300_slots_32": large}


def main(
    requests: Annotated[int, typer.Option(help="Requests in a trace.")] = 20_000,
    out: Annotated[Path | None, typer.Option(help="Write the figures here, as JSON.")] = None,
) -> None:
    """Compare the online scheduler with the baselines."""
    result = run(requests=requests)
    screen = Console(highlight=False, width=120)
    for row in result["runs"]:
        screen.print(f"switch {row['ratio']:g}x a request, seed {row['seed']}")
        for name, m in row["policies"].items():
            screen.print(
                f"  {name:21s} {m['switches']:6.0f} switches, mean {m['latency_mean_s']:9.1f} s,"
                f" p99 {m['latency_p99_s']:9.1f} s, longest wait {m['wait_max_s']:9.1f} s,"
                f" overtaken {m['overtaken']:.0f}"
            )
    for name, m in result["experts_300_slots_32"].items():
        screen.print(
            f"300 experts, 32 slots, {name}: {m['switches']:.0f} switches, mean {m['latency_mean_s']:.1f} s,"
            f" {m['events'] / m['wall_s']:.0f} events/s, overtaken {m['overtaken']:.0f}"
        )
    keep(result, out)


if __name__ == "__main__":
    typer.run(main)
