"""`compound eval`: a system on benchmarks, beside the baselines that it must beat. Computes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from compound.commands.output import ConfigOption, JsonOption, console, print_json
from eval.runs.options import (
    BenchmarksArgument,
    DataOption,
    LimitOption,
    OverwriteOption,
    ShotsOption,
    data_paths,
    exit_with_errors,
)

if TYPE_CHECKING:
    from eval.evaluation import Baselines
    from eval.reports.schema import Report


def evaluate(
    benchmarks: BenchmarksArgument,
    split: Annotated[str, typer.Option(help='Split to report on, or "all".')] = "test",
    limit: LimitOption = None,
    config: ConfigOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the run; the same command goes on there.")
    ] = None,
    data: DataOption = None,
    shots: ShotsOption = 0,
    experts_only: Annotated[
        bool, typer.Option("--experts-only", help="Ask every expert everything; no router, no fusion.")
    ] = False,
    baselines: Annotated[
        str, typer.Option(help="all, cheap (the pool's answers only) or none (only whom the system asks).")
    ] = "all",
    validation: Annotated[
        int, typer.Option(min=0, help="Questions of another split, to choose the best single expert on.")
    ] = 200,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Evaluate the system on benchmarks, beside the baselines that it must beat.

    Interrupted at any moment, the same command goes on and asks nothing twice.
    """
    from compound.config import default_config_path, load_config
    from eval.runs.progress import run_progress
    from eval.runs.running import Run
    from eval.runs.selection import select

    beside = _baselines(baselines)
    settings = load_config(config or default_config_path())
    selected = select(
        benchmarks,
        split=split,
        n=limit,
        validation=0 if experts_only or beside == "none" else validation,
        data=data_paths(data, benchmarks),
        shots=shots,
    )
    words = _Words()
    with (
        run_progress(words) as shown,
        Run(
            selected, settings, out=out, experts_only=experts_only, overwrite=overwrite, on_progress=shown
        ) as run,
    ):
        words.run = run
        report = run.ask_experts()[0] if experts_only else run.evaluate(beside)
    _show(report, out, json)


class _Words:
    """What a run says of itself, once there is one."""

    def __init__(self) -> None:
        self.run: Any = None

    def __call__(self) -> str:
        return "" if self.run is None else str(self.run.words())


def _baselines(given: str) -> Baselines:
    from eval.evaluation import Baselines
    from experts.errors import ConfigError

    for known in get_args(Baselines):
        if given == known:
            return known  # type: ignore[no-any-return]  # one of the literal's own values
    raise ConfigError(f"--baselines must be {', '.join(get_args(Baselines))}, got {given!r}.")


def _show(report: Report, out: Path | None, json: bool) -> None:
    from eval.reports.terminal import report_tables

    if json:
        print_json(report.model_dump(mode="json"))
    else:
        screen = console()
        for part in report_tables(report):
            screen.print(part)
        if out is not None:
            screen.print(f"The report is {out / 'report.html'}.", markup=False, soft_wrap=True)
    failed = (
        sum(expert.errors for expert in report.experts) if report.outcomes is None else report.outcomes.error
    )
    if failed and report.outcomes is None:
        exit_with_errors(f"{failed} completions failed")
    elif failed:
        exit_with_errors(f"{failed} of {report.n} questions have no answer (counted as wrong)")
