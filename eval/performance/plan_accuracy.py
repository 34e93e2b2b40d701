"""How well a plan foresees a run of the miniature pool, after one run to learn from.

    python -m eval.performance.plan_accuracy

Calibration answers some questions of `validation` with a cost file of its own; then a run over other
questions (`test`) is planned for a cold start, made from a cold start, and compared.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from compound.config import SystemConfig, default_config_path, load_config
from compound.planned import Plan
from compound.planning_compare import Actual, compare
from compound.system import Compound
from eval.benchmarks.names import pocket_queries
from eval.performance.measuring import keep
from experts.query import Query


def _answered(config: SystemConfig, queries: list[Query]) -> tuple[Plan, Actual]:
    """The plan of a run, and the run itself, which starts cold."""
    with Compound(config) as system:
        plan = system.plan(queries)
        started = time.perf_counter()
        timings = system.answer(queries)[0].timings
        wall = time.perf_counter() - started
        usage = system.usage()
        # What the stages do not name (assembling answers) is the last one's.
        rest = wall - timings.route - timings.generate
        return plan, Actual(
            seconds={"route": timings.route, "generate": timings.generate, "aggregate": rest},
            switches=system.switches(),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost_usd=usage.cost_usd,
        )


def run(calibration: int = 200, queries: int = 400, slots: int = 1) -> dict[str, Any]:
    """Rows of planned against actual, before and after learning."""
    config = load_config(default_config_path())
    with tempfile.TemporaryDirectory() as folder:
        hosting = config.hosting.model_copy(update={"costs": Path(folder) / "costs.json", "slots": slots})
        config = config.model_copy(update={"hosting": hosting})
        guessed, first = _answered(config, pocket_queries("validation", calibration))
        learned, second = _answered(config, pocket_queries("test", queries))
    return {
        "calibration": calibration,
        "queries": queries,
        "slots": slots,
        "before": compare(guessed, first),
        "after": compare(learned, second),
        "error": abs(learned.seconds / sum(second.seconds.values()) - 1),
    }


def show(result: dict[str, Any], screen: Console) -> None:
    """The rows in words."""
    for name in ("before", "after"):
        screen.print(f"{name} learning:")
        for row in result[name]:
            screen.print(f"  {row['what']:24s} planned {row['planned']:10.1f}  actual {row['actual']:10.1f}")
    screen.print(f"seconds are foreseen within {100 * result['error']:.0f}%")


def main(
    calibration: Annotated[int, typer.Option(help="Questions to learn from.")] = 200,
    queries: Annotated[int, typer.Option("-n", help="Questions of the run that is planned.")] = 400,
    slots: Annotated[int, typer.Option(help="Slots.")] = 1,
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Compare a plan with the run that it foresees."""
    result = run(calibration, queries, slots)
    show(result, Console(highlight=False, width=120))
    keep(result, out)


if __name__ == "__main__":
    typer.run(main)
