"""`compound check`: what is wrong with a configuration, and which experts share an engine family."""

from __future__ import annotations

from typing import Annotated

import typer

from compound.commands.output import JsonOption, console, print_json


def command(
    config: Annotated[str, typer.Argument(help="YAML file of the system.")],
    json: JsonOption = False,
) -> None:
    """Check a configuration and what it points to; starts nothing."""
    from compound.check import check_config
    from compound.config import load_config

    report = check_config(load_config(config))
    if json:
        print_json(
            {
                "ok": report.ok,
                "errors": list(report.errors),
                "warnings": list(report.warnings),
                "families": [
                    {"id": f.id, "experts": list(f.experts), "obstacle": f.obstacle} for f in report.families
                ],
            }
        )
    else:
        screen = console()
        for label, lines in (("error", report.errors), ("warning", report.warnings)):
            for line in lines:
                screen.print(f"{label}: {line}", markup=False)
        screen.print("Engine families:" if report.families else "No expert is hosted here.")
        for family in report.families:
            screen.print(f"  {family}", markup=False)
        if report.ok:
            screen.print(f"{config} can be run.", markup=False)
    if not report.ok:
        raise typer.Exit(2)
