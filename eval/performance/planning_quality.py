"""How far round plans are from the optimum: random small rounds against an exact integer program.

    python -m eval.performance.planning_quality --out planning_quality.json

1 to 3 slots, 2 to 8 experts, 1 to 4 families; switch prices from a hundredth to a hundred times the mean
work of an expert; resident experts, cold slots, parked engines, busy slots, sometimes a closing expert. A
process costs about the same on top of any engine.
The optimum divides requests at will (see `round_optimum`), so the ratios are upper bounds. Counts no
seconds of this machine.
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.performance.measuring import keep
from eval.performance.round_optimum import optimal_makespan
from experts.scheduling.round_plan import plan_round
from experts.scheduling.work import ExpertWork, SlotState, SwitchPrices

Round = tuple[list[ExpertWork], list[SlotState], str | None]
"""Work, slots, closing expert."""


def random_round(seed: int) -> Round:
    """A small round; the same for the same seed."""
    rng = random.Random(seed)
    families = [f"family{i}" for i in range(rng.randint(1, 4))]
    scale = {f: 10 ** rng.uniform(-2, 2) for f in families}
    process_s = 10 ** rng.uniform(-2, 2)
    experts = {f"expert{i}": rng.choice(families) for i in range(rng.randint(2, 8))}
    skew = rng.choice([0.2, 0.7, 1.5])
    work = [
        _work(rng, expert, family, (scale[family], process_s), rng.lognormvariate(0.0, skew))
        for expert, family in experts.items()
    ]
    slots = [_slot(rng, experts, families) for _ in range(rng.randint(1, 3))]
    last = rng.choice(sorted(experts)) if rng.random() < 0.3 else None
    return work, slots, last


def _work(
    rng: random.Random, expert: str, family: str, scale: tuple[float, float], seconds: float
) -> ExpertWork:
    engine = scale[0] * rng.uniform(0.9, 1.1)
    reload = engine * 10 ** rng.uniform(-2, 0)
    return ExpertWork(
        expert=expert,
        family=family,
        requests=rng.choice([1, 10, 100, 1000]) * rng.randint(1, 9),
        seconds=seconds,
        prices=SwitchPrices(
            wake_s=engine * rng.choice([0.05, 0.3]),
            reload_s=reload,
            engine_s=engine,
            process_s=engine + scale[1] * rng.uniform(0.9, 1.1),
        ),
    )


def _slot(rng: random.Random, experts: dict[str, str], families: Sequence[str]) -> SlotState:
    free_in_s = rng.choice([0.0, 0.0, rng.uniform(0.0, 3.0)])
    if rng.random() < 0.3:
        return SlotState(free_in_s=free_in_s)
    resident = rng.choice([None, *experts])
    family = experts[resident] if resident else rng.choice([*families, "another"])
    parked = tuple(
        (experts[e], e) for e in rng.sample(sorted(experts), rng.randint(0, 2)) if experts[e] != family
    )
    return SlotState(expert=resident, family=family, parked=parked, free_in_s=free_in_s)


def ratio(seed: int) -> float:
    """Makespan of the plan over the optimum, for one random round."""
    work, slots, last = random_round(seed)
    return plan_round(work, slots, last=last).makespan / optimal_makespan(work, slots, last=last)


def run(rounds: int = 500, first_seed: int = 0, processes: int = 2) -> dict[str, Any]:
    """Ratios of plan to optimum over random rounds.

    Returns:
        `mean`, `worst`, percentiles, `optimal` (share within 0.1 %), and the seeds of the worst five.
    """
    seeds = range(first_seed, first_seed + rounds)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        ratios = dict(zip(seeds, pool.map(ratio, seeds, chunksize=8), strict=True))
    ordered = sorted(ratios.values())
    return {
        "rounds": rounds,
        "mean": statistics.fmean(ordered),
        "worst": ordered[-1],
        **{f"p{p}": ordered[min(rounds - 1, rounds * p // 100)] for p in (50, 90, 99)},
        "optimal": sum(r <= 1.001 for r in ordered) / rounds,
        "worst_seeds": {str(s): ratios[s] for s in sorted(ratios, key=lambda s: -ratios[s])[:5]},
        "ratios": ordered,
    }


def main(
    rounds: Annotated[int, typer.Option("-n", help="Random rounds.")] = 500,
    processes: Annotated[int, typer.Option(help="Rounds solved at the same time.")] = 2,
    out: Annotated[Path | None, typer.Option(help="JSON file; by default the screen.")] = None,
) -> None:
    """Hold round plans against the exact optimum."""
    result = run(rounds, processes=processes)
    keep(result, out)
    if out is None:
        typer.echo(json.dumps(result, indent=1))


if __name__ == "__main__":
    typer.run(main)
