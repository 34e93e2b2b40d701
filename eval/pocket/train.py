"""`python -m eval.pocket.train`: builds the miniature pool, one member after the other.

A member that is there already is left alone unless it is asked for anew, so a run that was stopped
goes on where it was. Knows nothing of how a member is trained.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from eval.pocket import training
from eval.pocket.builder import PLANS, build
from eval.pocket.candidates import texts_of
from eval.pocket.cards import annotator_card, expert_card, fusion_card, write_card
from eval.pocket.evaluating import annotator_results
from eval.pocket.loader import load
from eval.pocket.measuring import by_cell
from eval.pocket.report import fusion_results
from eval.pocket.roster import POOL_DIR, ROSTER, Member, member

log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False)
WORK_DIR = Path("build/pocket")


@app.command()
def main(
    only: Annotated[list[str] | None, typer.Option(help="Build this member only; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Where the folders of the pool are.")] = POOL_DIR,
    work: Annotated[Path, typer.Option(help="Where the experts' recorded answers are kept.")] = WORK_DIR,
    force: Annotated[bool, typer.Option(help="Build again what is there.")] = False,
    further: Annotated[bool, typer.Option(help="Go on from the weights that are there.")] = False,
    minutes: Annotated[float | None, typer.Option(help="Most minutes of training a member.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 1 is faster on a machine that is busy.")] = 2,
) -> None:
    """Train the miniature pool and write its model cards."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_path=False)])
    names = [m.name for m in ROSTER]
    unknown = sorted(set(only or ()) - set(names))
    if unknown:
        raise typer.BadParameter(f"No member {', '.join(unknown)}; there are {', '.join(names)}.")
    torch.set_num_threads(threads)
    for name in only or names:
        if (out / name / "model.safetensors").exists() and not (force or further):
            log.info("%s is there already; --force builds it again.", name)
            continue
        _build_one(member(name), out, work, minutes, further=further)


def _build_one(chosen: Member, out: Path, work: Path, minutes: float | None, *, further: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, TimeRemainingColumn()) as bars:
        bar = bars.add_task(chosen.name, total=1.0, state="")

        def report(now: training.Progress) -> None:
            state = f"step {now.steps} of at most {PLANS[chosen.role].steps}, loss {now.loss:.3f}"
            bars.update(bar, completed=now.done, state=state)

        folder = build(chosen, out, report=report, max_minutes=minutes, work=work, further=further)
    write_card(folder, chosen, _measured(chosen, out, work))
    log.info("%s is built: %s", chosen.name, folder)


def _measured(chosen: Member, out: Path, work: Path) -> str:
    folder = out / chosen.name
    if chosen.role == "annotator":
        return annotator_card(annotator_results(folder))
    if chosen.role == "aggregator":
        return fusion_card(fusion_results(out, work))
    questions = load("validation")
    return expert_card(chosen, by_cell(questions, texts_of(folder, questions, work)))


if __name__ == "__main__":
    app()
