"""Measurements of our hosting on a GPU, with random weights; docs/gpu.md says how to run them there.

    python -m eval.performance.gpu_hosting all --device cpu --shapes tiny --out results

Four parts, each bounded in time: `switching`, `proof`, `throughput`, `pool`. Figures go to the screen and,
row by row, into a JSON file a part. Needs only what vLLM and Ray bring with them, typer and rich.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import traceback
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from eval.performance import gpu_pool, gpu_reload_proof, gpu_switching, gpu_throughput
from eval.performance.gpu_setup import Report, Setup, shapes_of
from experts.errors import ConfigError

_PARTS: dict[str, ModuleType] = {
    "switching": gpu_switching,
    "proof": gpu_reload_proof,
    "throughput": gpu_throughput,
    "pool": gpu_pool,
}
_LOG_LINES = 60


class Part(StrEnum):
    """What to measure."""

    switching = "switching"
    proof = "proof"
    throughput = "throughput"
    pool = "pool"
    all = "all"


class Device(StrEnum):
    """What the engines run on."""

    cpu = "cpu"
    gpu = "gpu"


def main(
    part: Annotated[Part, typer.Argument(help="One part, or all of them in turn.")],
    device: Annotated[Device, typer.Option(help="What the engines run on.")] = Device.gpu,
    shapes: Annotated[
        str, typer.Option(help="tiny, 0.5B, 1.5B, 7B, with commas between; `pool` takes the first.")
    ] = "0.5B,1.5B,7B",
    out: Annotated[Path, typer.Option(help="Folder for the JSON files.")] = Path("gpu-results"),
    scratch: Annotated[Path, typer.Option(help="Where each part has a folder for models as it runs.")] = Path(
        "/tmp"
    ),
    limit: Annotated[float, typer.Option(help="Bound on each part, seconds.")] = 500.0,
    eager: Annotated[bool, typer.Option(help="No torch.compile and no CUDA graphs.")] = False,
) -> None:
    """Measure our hosting."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("eval").setLevel(logging.INFO)
    # Engines and Ray's workers find our packages by it, without an installation.
    root, known = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{root}{os.pathsep}{known}" if known else root
    try:
        wanted = shapes_of(shapes)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    reports = []
    for name in _PARTS if part is Part.all else [part.value]:
        # Removed only when the event loop has ended, and with it a thread that may still write models.
        with tempfile.TemporaryDirectory(prefix="compound-gpu-", dir=scratch) as folder:
            setup = Setup(
                device=device.value,
                shapes=wanted,
                out=out,
                scratch=Path(folder),
                limit_s=limit,
                eager=eager,
            )
            reports.append(asyncio.run(run_part(name, setup)))
    raise typer.Exit(int(any(report.problem for report in reports)))


async def run_part(name: str, setup: Setup) -> Report:
    """Measure a part within its bound; what goes wrong is part of the report, and nothing is raised."""
    report, problem = Report(name, setup), None
    try:
        async with asyncio.timeout(setup.limit_s):
            await _PARTS[name].measure(setup, report)
    except TimeoutError:
        problem = f"cut off after {setup.limit_s:g} s"
    except Exception as error:  # noqa: BLE001  # a machine is lent for minutes: the other parts still run
        problem = f"{type(error).__name__}: {error}\n{traceback.format_exc()}{_log_end(setup.scratch)}"
    report.end(problem)
    _show(report)
    return report


def _log_end(scratch: Path) -> str:
    """The end of what the last engine said; its own log file has gone with it."""
    logs = sorted(scratch.glob("*.log"), key=lambda path: path.stat().st_mtime)
    if not logs:
        return ""
    lines = logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
    return "\n".join([f"--- end of {logs[-1].name}", *lines])


def _show(report: Report) -> None:
    screen = Console(highlight=False, width=130)
    rows: Sequence[dict[str, Any]] = _PARTS[report.part].summary(report.rows)
    if rows:
        table = Table(*rows[0], title=report.part)
        for row in rows:
            table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
        screen.print(table)
    for row in report.rows:
        if "skipped" in row:
            screen.print(f"{report.part}: skipped {row['skipped']}")
    if report.problem:
        screen.print(f"{report.part}: {report.problem}", markup=False)


if __name__ == "__main__":
    typer.run(main)
