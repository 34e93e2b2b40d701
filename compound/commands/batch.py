"""`compound batch`: a file of questions into a file of answers, resumable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from compound.commands.output import ConfigOption, JsonOption, KOption, console, print_json, progress_bar


def command(
    source: Annotated[
        Path, typer.Argument(metavar="IN.jsonl", help="A question a line: question or messages, id, choices.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.jsonl", help="Where the answers go.")],
    k: KOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a JSONL file of questions; the same command goes on after an interruption."""
    from compound.batch import run_batch, store_path

    try:
        with progress_bar() as on_progress:
            report = run_batch(source, out, config, k=k, on_progress=on_progress)
    except KeyboardInterrupt:
        sys.stderr.write(
            f"Interrupted. Finished completions are kept in {store_path(out)}; the same command goes on.\n"
        )
        raise typer.Exit(130) from None
    if json:
        print_json({"rows": report.rows, "errors": report.errors, "out": str(out)})
    else:
        console().print(
            f"{report.rows - report.errors} of {report.rows} lines answered, in {out}.",
            markup=False,
            soft_wrap=True,
        )
    if report.errors:
        sys.stderr.write(
            f"{report.errors} of {report.rows} lines have no answer; see their key 'error' in {out}.\n"
        )
        raise typer.Exit(1)
