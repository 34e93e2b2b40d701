"""`compound answer`: one question, answered by k experts and fused."""

from __future__ import annotations

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
    show_answer,
)


def command(
    question: Annotated[str, typer.Argument(help="The question.")],
    choice: ChoiceOption = None,
    k: KOption = None,
    router: Annotated[str | None, typer.Option(help="Another kind of router, such as random.")] = None,
    aggregator: Annotated[str | None, typer.Option(help="Another aggregator, such as majority.")] = None,
    policy: Annotated[str | None, typer.Option(help="Another policy, such as top_k.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Answer one question with k experts."""
    from compound.questions import to_queries
    from compound.system import Compound

    queries = to_queries(question, choice)  # before engines start: a bad question costs nothing
    with progress_bar() as on_progress, Compound.from_config(config, on_progress=on_progress) as system:
        answer = system.answer(queries, k=k, router=router, aggregator=aggregator, policy=policy)[0]
    if json:
        print_json(answer.to_dict())
    else:
        show_answer(console(), answer)
    if answer.error:
        raise typer.Exit(1)
