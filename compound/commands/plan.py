"""`compound plan`: what a run will load, take and cost, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from compound.commands.output import ConfigOption, JsonOption, KOption, console, print_json
from experts.scheduling.first_guesses import is_cpu

if TYPE_CHECKING:
    from compound.planned import Plan, PlannedRound

_ROUTED = {
    "routed": "who is asked: as the router decides",
    "last run": "who is asked: in the shares of the last run (an LLM takes part in routing)",
    "equal shares": "who is asked: everybody equally often (an LLM takes part in routing, and this "
    "configuration has not run here)",
}


def command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="JSONL file with a question a line, or a benchmark's name.")
    ],
    k: KOption = None,
    slots: Annotated[int | None, typer.Option(help="Slots to plan for. Default: as configured.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of a benchmark. Default: test.")] = None,
    n: Annotated[int | None, typer.Option("-n", help="Take the first so many questions.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a run will load, take and cost; starts nothing."""
    from compound.config import default_config_path, load_config
    from compound.planning import plan
    from compound.planning_machine import known_costs
    from compound.question_source import read_questions
    from experts.errors import ConfigError

    settings = load_config(config or default_config_path())
    queries = read_questions(source, split=split, n=n)
    if slots is not None and slots < 1:
        raise ConfigError(f"A plan needs at least 1 slot, got {slots}.")
    if slots is not None:
        # More slots on the same cores are smaller ones, with costs of their own.
        hosting = settings.hosting.model_copy(update={"slots": slots})
        settings = settings.model_copy(update={"hosting": hosting})
    planned = plan(queries, settings, known_costs(settings), k=k)
    if json:
        print_json(planned.to_dict())
        return
    screen = console()
    screen.print(_rounds(planned))
    for line in plan_lines(planned):
        screen.print(line, markup=False, soft_wrap=True)


def _rounds(plan: Plan) -> Table:
    """A line a round and their sum; dollars only where something is paid."""
    table = Table(box=None, pad_edge=False)
    table.add_column("round")
    titles = ["requests", "tokens in", "tokens out", "loads", "reloads", "wakes", "seconds"]
    for title in titles + ["dollars"] * bool(plan.cost_usd):
        table.add_column(title, justify="right", no_wrap=True)
    if plan.start_s:
        table.add_row("start", *[""] * 6, f"{plan.start_s:.1f}")
    requests = sum(r.requests for r in plan.rounds)
    parts: list[tuple[str, int, PlannedRound | Plan]] = [(r.name, r.requests, r) for r in plan.rounds]
    for name, asked, part in [*parts, ("in all", requests, plan)]:
        counts = part.switches
        table.add_row(
            name,
            _number(asked),
            _number(part.prompt_tokens),
            _number(part.completion_tokens),
            _number(counts.new_process + counts.new_engine),
            _number(counts.reload),
            _number(counts.wake),
            f"{part.seconds:,.1f}",
            *[f"{part.cost_usd:,.4f}"] * bool(plan.cost_usd),
        )
    return table


def _number(value: int) -> str:
    return f"{value:,}" if value < 1_000_000 else f"{value / 1e6:,.1f}M"


def plan_lines(plan: Plan) -> list[str]:
    """What the table does not hold, in words."""
    lines = [f"{plan.queries:,} questions, {plan.k} experts each; {_ROUTED[plan.routing]}"]
    if plan.bottleneck is None:
        return [*lines, "no expert is hosted here, so no slot is needed; time of endpoints is not planned"]
    counts = plan.switches
    guessed = f"{100 * plan.guessed_share:.0f}%"
    lines += [
        f"new processes: {counts.new_process}, new engines: {counts.new_engine}; "
        f"{plan.moved_bytes / 1e9:,.3f} GB of weights moved; "
        f"{sum(r.switch_s for r in plan.rounds):,.1f} s in switches",
        "slots: " + ", ".join(f"{i} works {s:,.1f} s" for i, s in enumerate(plan.slot_seconds)),
        f"slot {plan.bottleneck} is the bottleneck; {_one_more(plan)}",
        f"{guessed} of the seconds rest on first guesses, the others were learned on {plan.device}",
    ]
    if plan.unknown_models:
        names = ", ".join(plan.unknown_models)
        lines.append(f"not in the local hub cache, so size and family are unknown: {names}")
    return lines


def _one_more(plan: Plan) -> str:
    more = (
        "one slot more, with cores of its own," if is_cpu(plan.device) else "one slot more of the same kind"
    )
    saved = plan.seconds - plan.one_more_slot_s
    if saved < 0.05:
        return f"{more} would save nothing"
    return f"{more} would save {saved:,.1f} of {plan.seconds:,.1f} s"
