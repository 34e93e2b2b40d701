"""How long it takes to plan a big round: from each query's chosen experts to the round plan.

    python -m eval.performance.planning_scale --out planning_scale.json

Queries choose k experts by a Zipf law over the experts. Timed, on one core: adding up requests and
estimated seconds per expert, one by one from plain Python tuples as a router would leave them, and
`plan_round`. Not timed: drawing the choices, estimating seconds, and handing single requests to slots.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from eval.performance.measuring import keep
from experts.scheduling.round_plan import RoundPlan, plan_round
from experts.scheduling.work import ExpertWork, SlotState, SwitchPrices

_PRICES = SwitchPrices(wake_s=0.5, reload_s=1.0, engine_s=10.0, process_s=30.0)
"""In the order of what a GPU needs for an expert of some gigabytes."""
_SECONDS_PER_REQUEST = 0.05

Choices = tuple[list[tuple[str, ...]], list[tuple[float, ...]]]
"""For every query its experts, and the estimated seconds of each."""


def draw_choices(queries: int, experts: int, k: int, seed: int = 0) -> Choices:
    """Random choices of k different experts a query, expert i with a weight of 1 / (i + 1)."""
    rng = np.random.default_rng(seed)
    weights = -np.log(np.arange(1, experts + 1))
    names = [f"expert{i:04}" for i in range(experts)]
    chosen: list[tuple[str, ...]] = []
    seconds: list[tuple[float, ...]] = []
    for start in range(0, queries, 10_000):
        size = min(10_000, queries - start)
        # The k largest of log-weights with Gumbel noise are a draw without replacement.
        noisy = weights + rng.gumbel(size=(size, experts))
        rows = np.argpartition(-noisy, k - 1, axis=1)[:, :k].tolist()
        times = rng.gamma(2.0, _SECONDS_PER_REQUEST / 2, size=(size, k)).tolist()
        chosen += [tuple(names[i] for i in row) for row in rows]
        seconds += [tuple(row) for row in times]
    return chosen, seconds


def group(choices: Choices, families: dict[str, str]) -> list[ExpertWork]:
    """What a round asks of each expert."""
    requests = dict.fromkeys(families, 0)
    total = dict.fromkeys(families, 0.0)
    for names, times in zip(*choices, strict=True):
        for name, seconds in zip(names, times, strict=True):
            requests[name] += 1
            total[name] += seconds
    return [
        ExpertWork(expert=e, family=f, requests=requests[e], seconds=total[e], prices=_PRICES)
        for e, f in families.items()
        if requests[e]
    ]


def _measure(queries: int, experts: int, slots: int, families: int, k: int) -> dict[str, Any]:
    choices = draw_choices(queries, experts, k)
    family = {f"expert{i:04}": f"family{i % families:02}" for i in range(experts)}
    begun = time.perf_counter()
    work = group(choices, family)
    grouped = time.perf_counter()
    plan = plan_round(work, [SlotState() for _ in range(slots)])
    ended = time.perf_counter()
    return {
        "queries": queries,
        "grouping_s": grouped - begun,
        "planning_s": ended - grouped,
        "total_s": ended - begun,
        **_summary(plan, work),
    }


def _summary(plan: RoundPlan, work: Sequence[ExpertWork]) -> dict[str, Any]:
    """`over_even`: makespan over a perfectly even share of the work and of this plan's own switches."""
    even = (sum(w.seconds for w in work) + plan.switch_s) / max(1, sum(1 for part in plan.slots if part))
    return {
        "makespan_s": plan.makespan,
        "over_even": plan.makespan / even,
        "residencies": sum(map(len, plan.slots)),
        "splits": plan.splits,
        "switches": plan.switches.total,
    }


def run(
    experts: int = 64,
    slots: int = 32,
    families: int = 12,
    k: int = 3,
    queries: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000),
) -> dict[str, Any]:
    """Seconds to group and plan rounds of growing size.

    Returns:
        `rows`, one for each number of queries; `exponent` of a power law through all rows' total seconds
        and `grouping_exponent` through those of the grouping alone (1 is linear).
    """
    rows = [_measure(n, experts, slots, families, k) for n in queries]
    return {
        "experts": experts,
        "slots": slots,
        "families": families,
        "k": k,
        "rows": rows,
        "exponent": _exponent(rows, "total_s"),
        "grouping_exponent": _exponent(rows, "grouping_s"),
    }


def _exponent(rows: Sequence[dict[str, Any]], column: str) -> float | None:
    if len(rows) < 2:
        return None
    sizes, seconds = ([math.log(r[c]) for r in rows] for c in ("queries", column))
    return float(np.polyfit(sizes, seconds, 1)[0])


def main(
    experts: Annotated[int, typer.Option(help="Experts in the pool.")] = 64,
    slots: Annotated[int, typer.Option(help="Slots, all cold.")] = 32,
    families: Annotated[int, typer.Option(help="Engine families.")] = 12,
    k: Annotated[int, typer.Option("-k", help="Experts a query.")] = 3,
    out: Annotated[Path | None, typer.Option(help="JSON file; by default the screen.")] = None,
) -> None:
    """Time the planning of big rounds."""
    result = run(experts, slots, families, k)
    keep(result, out)
    if out is None:
        typer.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    typer.run(main)
