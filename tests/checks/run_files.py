"""Commands that read the folder of a run, as a user calls them, and folders for them."""

from collections.abc import Sequence
from pathlib import Path

import typer
from checks.run_commands import last_right, run
from typer.testing import CliRunner, Result

from compound import cli
from eval.compare_command import compare
from eval.export_command import export
from eval.show_command import show


def read(*args: str) -> Result:
    """One of compare, show and export, also where the package is not installed."""
    app = typer.Typer(cls=cli._WithEntryPoints)
    for command in (compare, show, export):
        app.command(command.__name__)(command)
    return CliRunner().invoke(app, list(args))


def pocket_run(folder: Path, name: str, options: Sequence[str] = ("-n", "6")) -> Path:
    """A run of four scripted experts on the miniature benchmark."""
    out = folder / name
    args = ("eval", "pocket", *options, "-c", last_right(folder), "-o", str(out), "--baselines", "none")
    result = run(*args, "--json")
    assert result.exit_code == 0, result.output
    return out
