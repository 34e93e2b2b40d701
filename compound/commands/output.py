"""How commands show things: JSON on standard output, or words and tables; progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from compound.answer import Answer
from compound.progress import OnProgress
from experts.completion import Completion
from experts.decision import RoutingDecision

ConfigOption = Annotated[
    str | None, typer.Option("--config", "-c", help="YAML file of the system. Default: the miniature pool.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]
KOption = Annotated[
    int | None, typer.Option("-k", help="Experts to ask per question. Default: as configured.")
]
ChoiceOption = Annotated[
    list[str] | None,
    typer.Option("--choice", help="An option of a multiple-choice question; repeat for each."),
]


def console() -> Console:
    """Where words and tables go."""
    return Console(file=sys.stdout, highlight=False)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not unicode, indent=2, allow_nan=False) + "\n")


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """A bar per stage on standard error, gone when done; silent where that is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    screen = Console(file=sys.stderr)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        tasks: dict[str, Any] = {}
        starting = bar.add_task("starting", total=None)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(starting, visible=False)
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def show_decision(
    screen: Console, decision: RoutingDecision, completions: Sequence[Completion] | None = None
) -> None:
    """Estimates of all experts, all reasons, and how unlike the fitted questions the question is.

    Args:
        screen: where it goes.
        decision: to be shown.
        completions: of the experts that were asked, replacements and failures included; None: nobody has
            been asked yet, so those are marked who would be.
    """
    experts = list(decision.chosen) if completions is None else [c.expert for c in completions]
    table = Table(box=None, pad_edge=False)
    table.add_column("expert")
    table.add_column("P(right)" if decision.calibrated else "score", justify="right")
    if decision.tokens:
        table.add_column("tokens", justify="right")
    table.add_column("asked")
    for name in decision.ranked:
        tokens = [f"{decision.tokens[name]:.0f}" if name in decision.tokens else "?"]
        asked = "x" * experts.count(name)
        table.add_row(name, f"{decision.estimates[name]:.2f}", *(tokens if decision.tokens else []), asked)
    screen.print(table)
    for reason in decision.reasons:
        screen.print(f"  [dim]{_escaped(reason)}[/dim]", soft_wrap=True)
    if decision.novelty is not None:
        share = f"{100 * decision.novelty:.0f}% of the questions learned from were less unlike the others"
        screen.print(f"  [dim]Novelty {decision.novelty:.2f}: {share}.[/dim]", soft_wrap=True)


def show_choice(screen: Console, decision: RoutingDecision) -> None:
    """Who is chosen with what estimate, and the first reason."""
    label = "P(right)" if decision.calibrated else "score"
    chosen = [f"{name} ({label} {decision.estimates[name]:.2f})" for name in decision.chosen]
    screen.print(", ".join(chosen), markup=False, soft_wrap=True)
    for reason in decision.reasons[:1]:
        screen.print(f"  [dim]{_escaped(reason)}[/dim]", soft_wrap=True)


def show_answer(screen: Console, answer: Answer) -> None:
    """The answer or why there is none, who was asked, who said what, and what it took."""
    if answer.error:
        screen.print(f"[red]No answer:[/red] {_escaped(answer.error)}")
    elif answer.abstained:
        screen.print(f"[yellow]No answer:[/yellow] {_escaped(answer.abstained)}", soft_wrap=True)
    else:
        screen.print(f"[bold green]{_escaped(answer.text)}[/bold green]")
    screen.print()
    show_decision(screen, answer.decision, answer.completions)
    if answer.stopped is not None:
        screen.print(f"  [dim]{_escaped(answer.stopped)}[/dim]", soft_wrap=True)
    screen.print()
    for completion in answer.completions:
        said = completion.error or " ".join(completion.text.split())
        screen.print(f"  [cyan]{completion.expert}[/cyan]: {_escaped(said)}")
    fused = answer.verdict.completion
    if fused is not None and fused.ok and fused.text.strip() != answer.text:
        screen.print(f"  [cyan]{fused.expert}[/cyan]: {_escaped(' '.join(fused.text.split()))}")
    for warning in answer.warnings:
        screen.print(f"  [yellow]{_escaped(warning)}[/yellow]")
    usage = answer.usage
    screen.print(
        f"[dim]{usage.prompt_tokens} + {usage.completion_tokens} tokens, {answer.timings.total:.1f} s "
        f"(route {answer.timings.route:.1f}, experts {answer.timings.generate:.1f}, "
        f"fuse {answer.timings.aggregate:.1f})[/dim]"
    )


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
