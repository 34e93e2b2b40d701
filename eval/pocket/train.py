"""`python -m eval.pocket.train`: builds the miniature pool, one member after the other.

A member that is there already is left alone unless it is asked for anew, so a run that was stopped
goes on where it was. Knows nothing of how a member is trained.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from eval.pocket import training
from eval.pocket.builder import BASE, FIT_QUESTIONS, build, plan_of
from eval.pocket.cards import annotator_card, expert_card, fusion_card, write_card
from eval.pocket.evaluating import annotator_results, fusion_results
from eval.pocket.loader import load
from eval.pocket.measuring import by_part
from eval.pocket.recording import record, texts_of
from eval.pocket.roster import POOL_DIR, ROSTER, Member
from experts.errors import BenchmarkError

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False)
WORK_DIR = Path("build/pocket")
_MEMBERS = {member.name: member for member in (BASE, *ROSTER)}


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="Build this member only; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Where the folders of the pool are.")] = POOL_DIR,
    work: Annotated[Path, typer.Option(help="Where the base and recorded answers are kept.")] = WORK_DIR,
    force: Annotated[bool, typer.Option(help="Build again what is there.")] = False,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
) -> None:
    """Train the miniature pool and write its model cards."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_path=False)])
    unknown = sorted(set(only or ()) - set(_MEMBERS))
    if unknown:
        raise typer.BadParameter(f"No member {', '.join(unknown)}; there are {', '.join(_MEMBERS)}.")
    torch.set_num_threads(threads)
    for name in only or _MEMBERS:
        chosen = _MEMBERS[name]
        folder = (work if chosen is BASE else out) / name
        if (folder / "model.safetensors").exists() and not force:
            log.info("%s is there already; --force builds it again.", name)
            continue
        try:
            _build_one(chosen, out, work)
        except BenchmarkError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(2) from error


def _build_one(chosen: Member, out: Path, work: Path) -> None:
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, TimeRemainingColumn()) as bars:
        bar = bars.add_task(chosen.name, total=1.0, state="")

        def report(now: training.Progress) -> None:
            state = f"step {now.steps} of {plan_of(chosen).steps}, loss {now.loss:.3f}"
            bars.update(bar, completed=now.done, state=state)

        folder = build(chosen, out, work, report)
    log.info("%s is built in %.1f minutes: %s", chosen.name, (time.monotonic() - started) / 60, folder)
    if chosen is not BASE:
        write_card(folder, chosen, _measured(chosen, out, work))


def _measured(chosen: Member, out: Path, work: Path) -> str:
    folder = out / chosen.name
    if chosen.role == "annotator":
        return annotator_card(annotator_results(folder))
    if chosen.role == "aggregator":
        fit, asked = record(out, "fit", FIT_QUESTIONS, work), record(out, "validation", cache=work)
        return fusion_card(fusion_results(folder, fit, asked))
    questions = load("validation")
    return expert_card(chosen, by_part(questions, texts_of(folder, questions, work)))


if __name__ == "__main__":
    app()
