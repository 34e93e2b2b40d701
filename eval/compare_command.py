"""`compound compare`: two runs question by question. Computes nothing and asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import JsonOption, console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from eval.runs.comparing import Change, Comparison

_GROUPS = ("benchmark", "subject", "expert")
_IDS_SHOWN = 8


def compare(
    first: Annotated[Path, typer.Argument(metavar="DIR1", help="Folder of a run.")],
    second: Annotated[Path, typer.Argument(metavar="DIR2", help="Folder of the run that may be better.")],
    by: Annotated[str | None, typer.Option(help="One group only: benchmark, subject or expert.")] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Compare the questions in both, where some are in one only.")
    ] = False,
    flips: Annotated[
        Path | None, typer.Option(help="File for the ids of all questions that flipped.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare two runs on the same questions: second minus first, with 95% intervals."""
    from eval.runs.comparing import compare_runs
    from eval.runs.manifest import Manifest
    from eval.runs.row import read_rows
    from experts.errors import ConfigError

    if by is not None and by not in _GROUPS:
        raise ConfigError(f"--by must be one of {', '.join(_GROUPS)}, got {by!r}.")
    runs = [
        (Manifest.read(path / "manifest.json"), read_rows(path / "rows.jsonl")) for path in (first, second)
    ]
    found = compare_runs(runs[0], runs[1], common=common)
    if flips is not None:
        _write_flips(found, flips)
    if json:
        print_json(_as_dict(found))
        return
    _show(found, by, flips)


def _show(found: Comparison, by: str | None, flips: Path | None) -> None:
    screen = console()
    for line in _heading(found):
        screen.print(line, markup=False, soft_wrap=True)
    screen.print(_table(found, by))
    if found.tokens is not None:
        screen.print(_tokens(found.tokens), markup=False, soft_wrap=True)
    for line in [*_flips(found, flips), *_settings(found)]:
        screen.print(line, markup=False, soft_wrap=True)


def _as_dict(found: Comparison) -> dict[str, Any]:
    from dataclasses import asdict

    whole = asdict(found)
    whole["settings"] = [
        {"name": name, "first": first, "second": second} for name, first, second in found.settings
    ]
    return whole


def _heading(found: Comparison) -> list[str]:
    apart = found.only_first + found.only_second
    lines = [f"{found.n} questions in both runs."]
    if apart:
        lines.append(
            f"Left out: {found.only_first} in the first run only, {found.only_second} in the second only."
        )
    return lines


def _table(found: Comparison, by: str | None) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("right answers")
    for heading in ("questions", "first %", "second %", "second - first, points"):
        table.add_column(heading, justify="right")
    groups = {
        "benchmark": found.benchmarks if by or len(found.benchmarks) > 1 else (),
        "subject": found.subjects,
        "expert": found.experts,
    }
    if found.system is not None:
        _add(table, (found.system,))
    for name, changes in groups.items():
        if changes and by in (None, name):
            table.add_section()
            _add(table, changes)
    return table


def _add(table: Table, changes: Sequence[Change]) -> None:
    from rich.markup import escape

    for change in changes:
        points = f"{100 * change.difference:+.1f} [{100 * change.low:+.1f}, {100 * change.high:+.1f}]"
        shares = (f"{100 * change.first:.1f}", f"{100 * change.second:.1f}")
        table.add_row(escape(change.what), str(change.n), *shares, escape(points))


def _tokens(change: Change) -> str:
    return (
        f"Completion tokens a question: {change.first:.0f} and {change.second:.0f}, "
        f"{change.difference:+.0f} [{change.low:+.0f}, {change.high:+.0f}]."
    )


def _flips(found: Comparison, flips: Path | None) -> list[str]:
    if found.system is None:
        return []
    lines = [
        f"{len(ids)} questions became {what}{': ' if ids else ''}{_some(ids)}."
        for ids, what in ((found.gained, "right"), (found.lost, "wrong"))
    ]
    return [*lines, f"All of them are in {flips}."] if flips is not None else lines


def _some(ids: Sequence[str]) -> str:
    more = len(ids) - _IDS_SHOWN
    return ", ".join(ids[:_IDS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _settings(found: Comparison) -> list[str]:
    from eval.runs.setting_changes import shown

    if not found.settings:
        return ["Nothing that decides figures was set differently."]
    told = [f"  {name}: {shown(first)} -> {shown(second)}" for name, first, second in found.settings]
    return ["Set differently:", *told]


def _write_flips(found: Comparison, path: Path) -> None:
    from eval.runs.whole_file import write_whole

    lines = [("right", id) for id in found.gained] + [("wrong", id) for id in found.lost]
    write_whole(path, (f"{became}\t{id}\n" for became, id in lines))
