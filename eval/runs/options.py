"""Options that all commands of runs share, and how they are read. Runs nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

BenchmarksArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="BENCH...", help="Benchmarks such as pocket or mmlu_pro, or YAML files of your own."
    ),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", "-n", help="Questions of each. Default: the usual size of the split.")
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="[NAME=]PATH",
        help="Local file or folder of the questions, in place of the hub; with NAME= for one of several.",
    ),
]
ShotsOption = Annotated[int, typer.Option("--shots", help="Worked examples in front of each question.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Take the place of another run in --out; keeps its completions.")
]


def data_paths(given: Sequence[str] | None, benchmarks: Sequence[str]) -> dict[str, Path]:
    """Where the questions of benchmarks are, from `--data` options.

    Raises:
        BenchmarkError: it is not told which benchmark a path is for, or one is given twice.
    """
    from experts.errors import BenchmarkError

    paths: dict[str, Path] = {}
    for item in given or []:
        name, sign, path = item.partition("=")
        if not sign or name not in benchmarks:
            name, path = (benchmarks[0] if len(benchmarks) == 1 else ""), item
        if not name:
            raise BenchmarkError(
                f"--data {item} does not say for which of {', '.join(benchmarks)} it is; write NAME={item}."
            )
        if name in paths:
            raise BenchmarkError(f"--data is given twice for {name}; give one path.")
        paths[name] = Path(path)
    return paths


def exit_with_errors(sentence: str) -> None:
    """End with exit code 1: done, with errors in it."""
    sys.stderr.write(f"{sentence.rstrip('.')}.\n")
    raise typer.Exit(1)
