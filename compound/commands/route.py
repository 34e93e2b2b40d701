"""`compound route`: whom the router would ask, and why. Runs no expert."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from compound.commands.output import (
    ChoiceOption,
    ConfigOption,
    JsonOption,
    KOption,
    console,
    print_json,
    progress_bar,
    show_decision,
)


def command(
    question: Annotated[str, typer.Argument(help="The question.")],
    choice: ChoiceOption = None,
    k: KOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show which experts would be asked, and why; runs no expert (an LLM annotator does run)."""
    from compound.questions import to_queries
    from compound.system import Compound

    queries = to_queries(question, choice)
    with progress_bar() as on_progress, Compound.from_config(config, on_progress=on_progress) as system:
        decision = system.route(queries, k=k)[0]
    if json:
        print_json(dataclasses.asdict(decision))
    else:
        show_decision(console(), decision)
