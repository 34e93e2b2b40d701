"""`python -m eval.pocket.report`: the tables of the data card, measured on the pool as it is.

Knows nothing of training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from eval.pocket.builder import FIT_QUESTIONS
from eval.pocket.cards import annotator_card, fusion_card, percent, pool_table, roster_table
from eval.pocket.evaluating import annotator_results, fusion_results
from eval.pocket.measuring import by_part, in_form, taught_and_other
from eval.pocket.recording import record
from eval.pocket.roster import EXPERTS, POOL_DIR

app = typer.Typer(add_completion=False)


def report(pool: Path, work: Path | None, split: str = "validation") -> str:
    """All tables in Markdown."""
    asked = record(pool, split, cache=work)
    results = {name: by_part(asked.questions, texts) for name, texts in asked.texts.items()}
    lines = [roster_table(), pool_table(results)]
    for expert in EXPERTS:
        taught, other = taught_and_other(expert, results[expert.name])
        form = percent(in_form(asked.texts[expert.name]))
        lines.append(
            f"- {expert.name}: taught parts {percent(taught)}, other parts {percent(other)}, in form {form}"
        )
    fit = record(pool, "fit", FIT_QUESTIONS, work)
    lines += ["", annotator_card(annotator_results(pool / "annotator", split))]
    lines += [fusion_card(fusion_results(pool / "aggregator", fit, asked))]
    return "\n".join(lines)


@app.command()
def main(
    pool: Annotated[Path, typer.Option(help="Where the folders of the pool are.")] = POOL_DIR,
    work: Annotated[Path, typer.Option(help="Where the experts' recorded answers are kept.")] = Path(
        "build/pocket"
    ),
    split: Annotated[str, typer.Option(help="The split to measure on.")] = "validation",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
) -> None:
    """Measure the pool and write the tables to standard output."""
    torch.set_num_threads(threads)
    typer.echo(report(pool, work, split))


if __name__ == "__main__":
    app()
