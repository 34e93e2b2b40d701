"""`compound eval`, `profile` and `demo` as a user calls them, on scripted pools."""

import json
from pathlib import Path
from typing import Any

import typer
from checks.scripted_systems import TRIO, system_file
from typer.testing import CliRunner, Result

from compound import cli
from eval.demo_command import demo
from eval.eval_command import evaluate
from eval.profile_command import profile


def run(*args: str) -> Result:
    """As `compound` would, also where the package is not installed."""
    app = typer.Typer(cls=cli._WithEntryPoints)
    app.command("eval")(evaluate)
    app.command("profile")(profile)
    app.command("demo")(demo)
    return CliRunner().invoke(app, list(args))


def strict(text: str) -> Any:
    """JSON that has neither NaN nor infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def last_right(folder: Path) -> str:
    """A system of four, the last of whom always says A."""
    return str(system_file(folder, {**TRIO, "dot": {"": "The answer is (A)."}}))
