"""Commands that this package adds to the command line: `profile`, `eval`, `demo`."""

from __future__ import annotations

import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from experts.completion import Completion

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
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Run the whole pool on a benchmark split; write the outcome matrix and skill profiles."""
    from compound.config import default_config_path, load_config
    from compound.system import Compound
    from eval.benchmarks import load_benchmark
    from eval.profiling import outcome_matrix, run_experts
    from experts.errors import ConfigError
    from experts.outcome_table import OutcomeTable
    from routers.skills.config import SkillRouterConfig
    from routers.skills.skill_router import SkillRouter

    questions = load_benchmark(benchmark, split, n)
    settings = load_config(config or default_config_path())
    if not isinstance(settings.router, SkillRouterConfig):
        raise ConfigError(
            f"`profile` fits a router of kind 'skill'; the configuration has {settings.router.kind!r}."
        )
    unfitted = settings.router.model_copy(update={"profiles": None})
    settings = settings.model_copy(update={"router": unfitted})
    _make_folder(out)
    with (
        progress_bar() as shown,
        Compound(settings, store=out / "completions.store", on_progress=shown) as system,
    ):
        asked = run_experts(system, questions)
        outcomes = outcome_matrix(questions, tuple(settings.experts), asked)
        router = SkillRouter(unfitted).fit([q.query for q in questions], outcomes, generate=system.generate)
    queries = tuple(q.query for q in questions)
    splits = (_TABLE_SPLITS.get(split, ""),) * len(queries)
    OutcomeTable(queries=queries, splits=splits, outcomes=outcomes).save(out / "matrix.parquet")
    router.save(out / "skill_profiles.json")
    _show_profile(outcomes.accuracy(), len(questions), out, json, [c for c in asked.values() if not c.ok])


def _show_profile(
    accuracy: dict[str, float], n: int, out: Path, json: bool, failures: list[Completion]
) -> None:
    """What `profile` found; who never answered has no accuracy."""
    known = {name: None if isnan(value) else value for name, value in accuracy.items()}
    if json:
        print_json({"n": n, "accuracy": known, "errors": len(failures), "out": str(out)})
    else:
        for name, value in known.items():
            found = "never answered" if value is None else f"{100 * value:.1f}% of {n}"
            console().print(f"{name}: {found}", markup=False)
        console().print(f"Outcomes and profiles are in {out}.", markup=False, soft_wrap=True)
    if failures:
        _exit_with_errors(
            f"{len(failures)} of {n * len(known)} completions failed, first {failures[0].error}"
        )


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
    from eval.benchmarks import benchmark_version, load_benchmark
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
    from eval.benchmarks import benchmark_version, load_benchmark
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
