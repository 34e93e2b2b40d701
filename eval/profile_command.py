"""`compound profile`: the pool on a benchmark, as an outcome matrix and skill profiles to route by.

The same run as `compound eval --experts-only`, with what routers need made of it; or, within a budget, only
those completions that tell most about who is best. Computes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from compound.config import SystemConfig
    from compound.system import Compound
    from eval.runs.selection import Selected
    from experts.outcomes import OutcomeMatrix


def profile(
    benchmarks: BenchmarksArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for matrix.parquet and profiles.")],
    split: Annotated[str, typer.Option(help='Split to run on, or "all".')] = "fit",
    limit: LimitOption = None,
    budget: Annotated[
        int | None, typer.Option(help="Completions to spend, where they tell most. Default: all.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="With --budget: run the rest too, and compare.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
    shots: ShotsOption = 0,
    overwrite: OverwriteOption = False,
    json: JsonOption = False,
) -> None:
    """Run the pool on a benchmark split; write the outcome matrix (and, for a skill router, its profiles)."""
    from compound.config import default_config_path, load_config
    from eval.budgeted_profile import profile_within_budget
    from eval.profile_summary import budget_summary, profile_summary
    from eval.profiling import outcome_matrix
    from eval.runs.progress import run_progress
    from eval.runs.running import Run
    from eval.runs.selection import select
    from experts.errors import ConfigError

    if compare and budget is None:
        raise ConfigError("--compare compares a budgeted profile with a full one: give --budget too.")
    settings = load_config(config or default_config_path())
    selected = select(benchmarks, split=split, n=limit, data=data_paths(data, benchmarks), shots=shots)
    questions = selected.questions
    with (
        run_progress(str) as shown,
        Run(selected, settings, out=out, experts_only=True, overwrite=overwrite, on_progress=shown) as run,
    ):
        spent = None if budget is None else profile_within_budget(run.system, questions, budget)
        if spent is None or compare:
            _, asked, outcomes = run.ask_experts()
        else:
            asked = spent.asked
            outcomes = outcome_matrix(questions, tuple(settings.experts), asked)
            run.keep_matrix(outcomes)
        _keep_profiles(settings, selected, outcomes, out, run.system)
    failures = [c for c in asked.values() if not c.ok]
    summary = profile_summary(questions, outcomes) | {"errors": len(failures), "out": str(out)}
    if spent is not None:
        summary["budget"] = budget_summary(spent, questions, outcomes if compare else None)
    _show(summary, json)
    if failures:
        exit_with_errors(f"{len(failures)} of {len(asked)} completions failed, first {failures[0].error}")


def _keep_profiles(
    settings: SystemConfig, selected: Selected, outcomes: OutcomeMatrix, out: Path, system: Compound
) -> None:
    """The profiles of a skill router, which may ask an annotator."""
    from routers.skills.config import SkillRouterConfig
    from routers.skills.skill_router import SkillRouter

    if isinstance(settings.router, SkillRouterConfig):
        unfitted = settings.router.model_copy(update={"profiles": None})
        queries = tuple(question.query for question in selected.questions)
        router = SkillRouter(unfitted).fit(queries, outcomes, generate=system.generate)
        router.save(out / "skill_profiles.json")


def _show(summary: dict[str, Any], json: bool) -> None:
    from eval.profile_summary import budget_lines, profile_lines

    if json:
        print_json(summary)
        return
    budget = budget_lines(summary["budget"]) if "budget" in summary else []
    for line in [*profile_lines(summary), *budget, f"Outcomes and profiles are in {summary['out']}."]:
        console().print(line, markup=False, soft_wrap=True)
