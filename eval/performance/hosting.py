"""All measurements of scheduling and hosting in one run: `make bench-hosting`.

    python -m eval.performance.hosting --out build/bench-hosting [--only switching --only overhead]

Pure ones first (plans against the optimum, planning at scale, the online scheduler in simulation), then
those on real engines, which want a quiet machine. Each writes its JSON as soon as it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval.performance import (
    batch_overhead,
    hosting_pictures,
    online_scheduling,
    plan_accuracy,
    planning_quality,
    planning_scale,
    reload_price,
    switching,
)
from eval.performance.measuring import keep

PARTS: dict[str, Callable[[], Any]] = {
    "planning_quality": planning_quality.run,
    "planning_scale": planning_scale.run,
    "online": online_scheduling.run,
    "overhead": batch_overhead.run,
    "reload": reload_price.run,
    "switching": switching.run,
    "plan_accuracy": plan_accuracy.run,
}


def main(
    out: Annotated[Path, typer.Option(help="Folder for JSON and pictures.")] = Path("build/bench-hosting"),
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}; several times.")] = None,
) -> None:
    """Measure scheduling and hosting; write JSON and pictures."""
    unknown = [name for name in only or () if name not in PARTS]
    if unknown:
        raise typer.BadParameter(f"There is no part {unknown[0]!r}; known are {', '.join(PARTS)}.")
    screen = Console(highlight=False, width=120)
    out.mkdir(parents=True, exist_ok=True)
    for name in only or PARTS:
        started = time.perf_counter()
        screen.print(f"{name} ...")
        keep(PARTS[name](), out / f"{name}.json")
        screen.print(f"{name}: {time.perf_counter() - started:.0f} s, in {out / name}.json")
    for path in hosting_pictures.draw(out):
        screen.print(f"drawn: {path}")


if __name__ == "__main__":
    typer.run(main)
