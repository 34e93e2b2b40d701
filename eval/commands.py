"""Commands that this package adds to the command line: `profile`, `eval`, `demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import (
    ConfigOption,
    JsonOption,
    console,
    print_json,
    progress_bar,
    show_answer,
)

if TYPE_CHECKING:
    from compound.config import SystemConfig
    from compound.system import Compound
    from eval.question import Question
    from experts.outcomes import OutcomeMatrix

BenchmarkArgument = Annotated[str, typer.Argument(help="Name of the benchmark, such as pocket.")]
CountOption = Annotated[int | None, typer.Option("-n", help="Questions to take. Default: the usual size.")]

DEMO_QUESTIONS = 3
DEMO_EVALUATED = 200
_VALIDATION = 200
"""Questions on which the best single expert is chosen."""
_TABLE_SPLITS = {"fit": "train", "validation": "validation", "test": "test"}
"""A benchmark's split in an outcome table; unknown for any other."""


def profile(
    benchmark: BenchmarkArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for matrix.parquet and profiles.")],
    split: Annotated[str, typer.Option(help="Split to run on.")] = "fit",
    n: CountOption = None,
    budget: Annotated[
        int | None, typer.Option(help="Completions to spend, where they tell most. Default: all.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="With --budget: run the rest too, and compare.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Run the pool on a benchmark split; write the outcome matrix (and, for a skill router, its profiles)."""
    from compound.config import default_config_path, load_config
    from compound.system import Compound
    from eval.benchmarks.names import load_benchmark
    from eval.budgeted_profile import profile_within_budget
    from eval.profile_summary import budget_summary, profile_summary
    from eval.profiling import outcome_matrix, run_experts
    from experts.errors import ConfigError

    if compare and budget is None:
        raise ConfigError("--compare compares a budgeted profile with a full one: give --budget too.")
    questions = load_benchmark(benchmark, split, n)
    settings = load_config(config or default_config_path())
    _make_folder(out)
    with (
        progress_bar() as shown,
        Compound(_without_router(settings), store=out / "completions.store", on_progress=shown) as system,
    ):
        spent = None
        if budget is not None:
            spent = profile_within_budget(system, questions, budget)
        asked = spent.asked if spent and not compare else run_experts(system, questions)
        outcomes = outcome_matrix(questions, tuple(settings.experts), asked)
        _keep_profile(settings, questions, outcomes, split, out, system)
    failures = [c for c in asked.values() if not c.ok]
    summary = profile_summary(questions, outcomes) | {"errors": len(failures), "out": str(out)}
    if spent is not None:
        summary["budget"] = budget_summary(spent, questions, outcomes if compare else None)
    _show_profile(summary, json)
    if failures:
        _exit_with_errors(f"{len(failures)} of {len(asked)} completions failed, first {failures[0].error}")


def _without_router(settings: SystemConfig) -> SystemConfig:
    """The system for a profile, whose router may not be there yet."""
    from routers.config import FixedRouterConfig
    from routers.policies.config import TopKPolicyConfig

    changes = {"router": FixedRouterConfig(kind="fixed"), "policy": TopKPolicyConfig()}
    return settings.model_copy(update=changes)


def _keep_profile(
    settings: SystemConfig,
    questions: list[Question],
    outcomes: OutcomeMatrix,
    split: str,
    out: Path,
    system: Compound,
) -> None:
    """The outcome table, and the profiles of a skill router, which may ask an annotator."""
    from experts.outcome_table import OutcomeTable
    from routers.skills.config import SkillRouterConfig
    from routers.skills.skill_router import SkillRouter

    queries = tuple(question.query for question in questions)
    splits = (_TABLE_SPLITS.get(split, ""),) * len(queries)
    OutcomeTable(queries=queries, splits=splits, outcomes=outcomes).save(out / "matrix.parquet")
    if isinstance(settings.router, SkillRouterConfig):
        unfitted = settings.router.model_copy(update={"profiles": None})
        router = SkillRouter(unfitted).fit(queries, outcomes, generate=system.generate)
        router.save(out / "skill_profiles.json")


def _show_profile(summary: dict[str, Any], json: bool) -> None:
    from eval.profile_summary import budget_lines, profile_lines

    if json:
        print_json(summary)
        return
    budget = budget_lines(summary["budget"]) if "budget" in summary else []
    for line in [*profile_lines(summary), *budget, f"Outcomes and profiles are in {summary['out']}."]:
        console().print(line, markup=False, soft_wrap=True)


def evaluate(
    benchmark: BenchmarkArgument,
    split: Annotated[str, typer.Option(help="Split to report on.")] = "test",
    n: CountOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for report.json and experts.png.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Evaluate the system on a benchmark, beside the baselines that it must beat."""
    from compound.system import Compound
    from eval.benchmarks.names import benchmark_version, load_benchmark
    from eval.confusion import confusion
    from eval.evaluation import evaluate_system
    from eval.pictures import draw_confusion
    from eval.report import hosting_lines, report_dict, report_table, write_report

    questions = load_benchmark(benchmark, split, n)
    validation = load_benchmark(benchmark, "fit" if split == "validation" else "validation", _VALIDATION)
    store = None
    if out is not None:
        _make_folder(out)
        store = out / "completions.store"
    with progress_bar() as shown, Compound.from_config(config, store=store, on_progress=shown) as system:
        evaluation = evaluate_system(system, questions, validation)
    report = report_dict(
        evaluation, benchmark=benchmark, benchmark_version=benchmark_version(benchmark), split=split
    )
    if out is not None:
        write_report(report, out)
        draw_confusion(confusion(evaluation.answers, evaluation.outcomes), out / "experts.png")
    if json:
        print_json(report)
    else:
        console().print(report_table(report))
        seconds, switches = report["seconds"], report["switches"]
        console().print(
            f"{seconds['total']:.1f} s for the system; switches: "
            + ", ".join(f"{number} {kind}" for kind, number in switches.items())
        )
        for line in hosting_lines(report):
            console().print(line, markup=False, soft_wrap=True)
    if report["errors"]:
        _exit_with_errors(f"{report['errors']} of {report['n']} questions have no answer (counted as wrong)")


def _make_folder(folder: Path) -> None:
    from experts.errors import ConfigError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {folder} cannot be made: {error.strerror}. Give another.") from error


def _exit_with_errors(sentence: str) -> None:
    sys.stderr.write(f"{sentence.rstrip('.')}.\n")
    raise typer.Exit(1)


def demo(config: ConfigOption = None) -> None:
    """Answer a few questions with the routing explained, then evaluate a few hundred."""
    from compound.system import Compound
    from eval.benchmarks.names import benchmark_version, load_benchmark
    from eval.evaluation import evaluate_system
    from eval.report import report_dict, report_table
    from experts.prompts import question_block

    questions = load_benchmark("pocket", "test", DEMO_EVALUATED)
    screen = console()
    with progress_bar() as shown, Compound.from_config(config, on_progress=shown) as system:
        for question in questions[:DEMO_QUESTIONS]:
            screen.rule(style="dim")
            screen.print(question_block(question.query), style="bold", markup=False)
            show_answer(screen, system.answer(question.query)[0])
            screen.print(f"  right answer: {question.gold}", markup=False)
        screen.rule(style="dim")
        screen.print(f"Now {DEMO_EVALUATED} questions at once, beside the baselines:")
        evaluation = evaluate_system(system, questions, load_benchmark("pocket", "validation", _VALIDATION))
    screen.print(
        report_table(
            report_dict(
                evaluation, benchmark="pocket", benchmark_version=benchmark_version("pocket"), split="test"
            )
        )
    )
