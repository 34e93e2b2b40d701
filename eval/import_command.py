"""`compound import`: outcomes in the layout of another project become an outcome table.

Knows which kinds there are; each layout is a module of `eval.importers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import JsonOption, console, print_json

if TYPE_CHECKING:
    from eval.importers.report import ImportReport
    from experts.outcome_table import OutcomeTable

IMPORTERS = {
    "mmlu_pro": "mmlu_pro",
    "lm_eval": "lm_eval",
    "inspect": "inspect_logs",
    "routerbench": "routerbench",
    "llmrouterbench": "llmrouterbench",
    "embedllm": "embedllm",
    "outcomes": "outcomes",
    "table": "table",
}
"""Module in `eval.importers` of each kind."""


def command(
    kind: Annotated[str, typer.Argument(help=f"Layout: {', '.join(IMPORTERS)}.")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The outcome table to write (parquet).")],
    facts: Annotated[
        Path | None, typer.Option("--facts", help="JSON of experts' sizes and descriptions.")
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COL=NAME", help="A column of the files as one of ours; repeatable."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read outcomes of other projects; write an outcome table for routers to learn from."""
    from dataclasses import replace

    from experts.expert_facts import load_expert_facts

    columns = _columns(rename or [])
    known = load_expert_facts(facts) if facts else {}
    report = _import(kind, paths, columns)
    table = replace(report.table, facts={e: known[e] for e in report.table.experts if e in known})
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from experts.errors import ConfigError

        raise ConfigError(f"The folder {out.parent} cannot be made: {error.strerror}.") from error
    table.save(out)
    summary = _summary(table, report) | {"out": str(out)}
    if json:
        print_json(summary)
    else:
        _show(summary)


def _import(kind: str, paths: list[Path], columns: Mapping[str, str]) -> ImportReport:
    from difflib import get_close_matches
    from importlib import import_module

    from experts.errors import ConfigError

    if kind not in IMPORTERS:
        close = get_close_matches(kind, IMPORTERS, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        raise ConfigError(f"There is no kind {kind!r} to import; kinds are {', '.join(IMPORTERS)}{hint}")
    module = import_module(f"eval.importers.{IMPORTERS[kind]}")
    report: ImportReport = module.import_files(paths, columns)
    return report


def _columns(pairs: list[str]) -> dict[str, str]:
    from experts.errors import ConfigError

    columns = {}
    for pair in pairs:
        name, sign, ours = pair.rpartition("=")
        if not (name and sign and ours):
            raise ConfigError(f"--map takes COL=NAME, such as --map model=expert, got {pair!r}.")
        columns[name] = ours
    return columns


def _summary(table: OutcomeTable, report: ImportReport) -> dict[str, Any]:
    import numpy as np

    from experts.outcome_table import SPLITS

    run = ~np.isnan(table.outcomes.score)
    accuracy = {name: None if isnan(a) else a for name, a in table.outcomes.accuracy().items()}
    return {
        "questions": len(table.queries),
        "splits": {name: table.splits.count(name) for name in SPLITS if name in table.splits},
        "experts": len(table.experts),
        "samples": run.shape[2],
        "cells_run": int(run.any(axis=2).sum()),
        "cells": run.shape[0] * run.shape[1],
        "accuracy": accuracy,
        "with_facts": len(table.facts),
        "skipped": dict(report.skipped),
        "notes": list(report.notes),
    }


def _show(summary: Mapping[str, Any]) -> None:
    splits = ", ".join(f"{n} {name}" for name, n in summary["splits"].items())
    known = {name: value for name, value in summary["accuracy"].items() if value is not None}
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    share = 100 * summary["cells_run"] / summary["cells"]
    lines = [
        f"{summary['questions']} questions ({splits}), {summary['experts']} experts, "
        f"{summary['with_facts']} with facts",
        f"{summary['cells_run']} of {summary['cells']} cells run ({share:.1f}%), "
        f"up to {summary['samples']} samples each",
        f"accuracy from {100 * known[low]:.1f}% ({low}) to {100 * known[high]:.1f}% ({high})",
        *(f"skipped: {n} {reason}" for reason, n in summary["skipped"].items()),
        *(f"note: {sentence}" for sentence in summary["notes"]),
        f"written to {summary['out']}",
    ]
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
