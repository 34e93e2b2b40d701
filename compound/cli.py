"""The command line: `compound COMMAND`. Finds commands, turns errors into sentences and exit codes.

Commands of other packages are found through entry points of the group `compound.commands` and are
loaded only when they are called, so that this package never imports `eval`.

Exit codes: 0 done, 1 done with errors in it (some rows or answers), 2 nothing could be done,
130 interrupted.
"""

from __future__ import annotations

import io
import logging
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from compound.commands import answer, batch, check, plan, route
from experts.errors import CompoundError

GROUP = "compound.commands"


def _found() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


class _WithEntryPoints(TyperGroup):
    """A group that also offers the commands of other packages."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted({*super().list_commands(ctx), *_found()})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        entry = _found().get(cmd_name)
        if own is not None or entry is None:
            return own
        try:
            command = entry.load()
        except (ImportError, AttributeError) as error:
            raise CompoundError(
                f"The command {cmd_name!r} ({entry.value}) cannot be loaded: {error}."
            ) from error
        single = typer.Typer(add_completion=False)
        single.command(name=cmd_name)(command)
        return typer.main.get_command(single)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CompoundError as error:
            sys.stderr.write(f"Error: {error}\n")
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            sys.stderr.write("Interrupted.\n")
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=_WithEntryPoints,
    help="Answer with many LLMs instead of one: route to k experts, fuse their answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("answer")(answer.command)
app.command("batch")(batch.command)
app.command("check")(check.command)
app.command("plan")(plan.command)
app.command("route")(route.command)


def main() -> None:
    """Entry point."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("httpx", "openai", "ray", "urllib3", "filelock"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no such character
    try:
        app()
    except CompoundError as error:  # while the help of all commands is put together
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(2)
