"""`compound route`: whom the router would ask, and why. Runs no expert."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compound.commands.output import (
    ChoiceOption,
    ConfigOption,
    JsonOption,
    KOption,
    console,
    print_json,
    progress_bar,
    show_choice,
    show_decision,
)

if TYPE_CHECKING:
    from experts.decision import RoutingDecision
    from experts.query import Query


def command(
    question: Annotated[str, typer.Argument(help="The question.")],
    choice: ChoiceOption = None,
    k: KOption = None,
    router: Annotated[
        Path | None, typer.Option("--router", help="Folder of a trained router, in place of a system.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="All estimates and reasons, not the first alone.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show which experts would be asked, and why; runs no expert (an LLM annotator does run)."""
    from compound.questions import to_queries

    queries = to_queries(question, choice)
    decision = _of_system(queries, k, config) if router is None else _of_folder(router, queries, k, config)
    if json:
        print_json(dataclasses.asdict(decision))
    elif explain:
        show_decision(console(), decision)
    else:
        show_choice(console(), decision)


def _of_system(queries: list[Query], k: int | None, config: str | None) -> RoutingDecision:
    from compound.system import Compound

    with progress_bar() as on_progress, Compound.from_config(config, on_progress=on_progress) as system:
        return system.route(queries, k=k)[0]


def _of_folder(folder: Path, queries: list[Query], k: int | None, config: str | None) -> RoutingDecision:
    """A decision of a trained router: of a system's pool where one is named, else of all it knows."""
    from compound.config import load_config
    from compound.config_problems import DEFAULT_K
    from compound.system import Compound
    from routers.config import TrainedRouterConfig
    from routers.trained import load_trained

    if config is not None:
        trained = TrainedRouterConfig(kind="trained", path=folder.expanduser().resolve())
        settings = load_config(config).model_copy(update={"router": trained})
        with progress_bar() as on_progress, Compound(settings, on_progress=on_progress) as system:
            return system.route(queries, k=k)[0]
    made = load_trained(folder.expanduser())
    experts: tuple[str, ...] = made.experts_  # type: ignore[attr-defined]  # it is fitted
    return made.route(queries, min(DEFAULT_K, len(experts)) if k is None else k)[0]
