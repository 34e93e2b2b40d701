"""`compound train`: a router of some kind learns from an outcome table and goes to a folder.

Knows where kinds and outcomes come from, not how any of them learns.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import ConfigOption, JsonOption, console, print_json, progress_bar

if TYPE_CHECKING:
    from experts.engine import Generate
    from experts.outcome_table import OutcomeTable
    from routers.config import TrainableConfig

_LEARNED_FROM = ("train", "validation")
"""Splits that a router learns from where no other is asked for; never the test split."""


def command(
    router: Annotated[str, typer.Option("--router", help="Kind, such as knn, or a YAML file of one router.")],
    matrix: Annotated[Path, typer.Option("--matrix", "-m", help="Outcome table (parquet).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the trained router.")],
    pool: Annotated[
        str | None, typer.Option(help="Experts to learn, separated by commas. Default: all of the table.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split to learn from; repeatable. Default: train and validation where known."),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="lexical, or a sentence-transformers model: a folder (./...) or hub name."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Train a router on outcomes; `router: {kind: trained, path: ...}` uses it."""
    from eval.routing.router_settings import router_settings, with_facts
    from experts.outcome_table import OutcomeTable
    from routers.making import make_router
    from routers.trained import save_trained

    table = OutcomeTable.load(matrix)
    if pool is not None:
        table = table.restrict([name.strip() for name in pool.split(",") if name.strip()])
    table = rows_to_learn_from(table, split)
    settings = with_facts(router_settings(router, encoder, table), table)
    with progress_bar() as shown, ExitStack() as open_systems:
        generate = _port(settings, config, open_systems)
        shown(f"training {settings.kind}", 0, 1)
        started = time.perf_counter()
        fitted = make_router(settings).fit(table.queries, table.outcomes, generate=generate)
        seconds = time.perf_counter() - started
        shown(f"training {settings.kind}", 1, 1)
    save_trained(fitted, out)
    size = sum(path.stat().st_size for path in out.iterdir() if path.is_file())
    summary = {
        "kind": settings.kind,
        "experts": list(table.experts),
        "questions": len(table.queries),
        "seconds": round(seconds, 3),
        "out": str(out),
        "bytes": size,
    }
    if json:
        print_json(summary)
    else:
        _show(summary)


def rows_to_learn_from(table: OutcomeTable, splits: list[str] | None) -> OutcomeTable:
    """The questions of the splits; without any, those that may be learned from.

    Raises:
        ConfigError: a split has no questions, or only the test split is there.
    """
    from experts.errors import ConfigError

    if splits:
        wanted = {int(row) for name in splits for row in table.split(name)}
        return table.take(sorted(wanted))
    if not any(table.splits):
        return table
    # One split after the other, as the comparisons do, so that the same questions make the same router.
    rows = [row for name in _LEARNED_FROM for row, split in enumerate(table.splits) if split == name]
    if not rows:
        raise ConfigError(
            "The outcome table has no questions of the splits train and validation: name the split to learn "
            "from by `--split`."
        )
    return table.take(rows)


def _port(settings: TrainableConfig, config: str | None, open_systems: ExitStack) -> Generate | None:
    """The way to the LLM that a kind asks while it learns; None where it asks none.

    Raises:
        ConfigError: it asks one, and no system is given or the system has no such expert.
    """
    from compound.config import load_config
    from compound.planning_llms import asked_llm
    from compound.system import Compound
    from experts.errors import ConfigError
    from routers.config import FixedRouterConfig
    from routers.policies.config import TopKPolicyConfig

    llm = asked_llm(settings)
    if llm is None:
        return None
    if config is None:
        raise ConfigError(
            f"A router of kind {settings.kind!r} asks the LLM {llm.expert!r} while it learns: name the "
            "system that has it by `--config`."
        )
    system = load_config(config)
    if llm.expert not in system.all_experts:
        raise ConfigError(
            f"{config} has no expert or helper {llm.expert!r} for the router to ask; it has "
            f"{', '.join(system.all_experts)}."
        )
    # Its own router may be the one that is trained here.
    changes = {"router": FixedRouterConfig(kind="fixed"), "policy": TopKPolicyConfig()}
    return open_systems.enter_context(Compound(system.model_copy(update=changes))).generate


def _show(summary: dict[str, Any]) -> None:
    lines = [
        f"{summary['kind']} learned {len(summary['experts'])} experts ({', '.join(summary['experts'])}) "
        f"from {summary['questions']:,} questions in {summary['seconds']:.1f} s",
        f"written to {summary['out']} ({summary['bytes'] / 1e6:.1f} MB); use it with",
        f"  router: {{kind: trained, path: {summary['out']}}}",
    ]
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
