"""The command `select-pool`: which experts of an outcome table are worth hosting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compound.commands.output import JsonOption, console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from eval.metrics import Interval
    from eval.pool_selection import PoolChoice


def select_pool(
    matrix: Annotated[Path, typer.Option("--matrix", "-m", help="Outcome table (.parquet).")],
    budget_b: Annotated[float, typer.Option(help="Billions of parameters that may be resident.")],
    max_experts: Annotated[int, typer.Option(help="Most experts to host.")] = 5,
    k: Annotated[int, typer.Option("-k", help="Experts asked per question later.")] = 3,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file to write.")] = None,
    json: JsonOption = False,
) -> None:
    """Pick the experts worth hosting within a budget, and say what each adds."""
    import eval.pool_selection as selection
    from experts.outcome_table import OutcomeTable

    table = OutcomeTable.load(matrix)
    train, test = (table.outcomes.take(table.split(name)) for name in ("train", "test"))
    sizes = {name: facts.total_parameters_b for name, facts in table.facts.items()}
    choice = selection.select_pool(train, test, sizes, budget_b, max_experts, per_query=k)
    found = _as_dict(choice)
    if out is not None:
        _write(out, found)
    if json:
        print_json(found)
        return
    console().print(_table(choice))
    for line in _lines(choice, budget_b):
        console().print(line, markup=False, soft_wrap=True)


def _as_dict(choice: PoolChoice) -> dict[str, Any]:
    from dataclasses import asdict

    found = asdict(choice)
    return {"experts": [member.name for member in choice.members], **found}


def _write(out: Path, found: dict[str, Any]) -> None:
    import json

    from experts.errors import ConfigError

    try:
        out.write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The pool cannot be written to {out}: {error.strerror}.") from error


def _table(choice: PoolChoice) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("expert")
    for heading in ("billion parameters", "alone %", "adds %"):
        table.add_column(heading, justify="right")
    for member in choice.members:
        table.add_row(member.name, f"{member.size_b:g}", _percent(member.accuracy), _percent(member.adds))
    return table


def _lines(choice: PoolChoice, budget_b: float) -> list[str]:
    lines = [
        f"Together {choice.size_b:g} of {budget_b:g} billion parameters; {_percent(choice.test)} % right on "
        f"test with up to {choice.per_query} experts a question, chosen by subject.",
        f"Over the best single expert, {choice.best_single}: {_percent(choice.over_best_single)} points.",
    ]
    if choice.unknown_size:
        lines.append(f"Not looked at, of unknown size: {', '.join(choice.unknown_size)}.")
    return lines


def _percent(interval: Interval) -> str:
    """In hundredths, with its 95% interval."""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{100 * interval.estimate:.1f} [{low:.1f}, {high:.1f}]"
