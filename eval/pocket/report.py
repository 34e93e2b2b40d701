"""`python -m eval.pocket.report`: the tables of the data card, measured on the pool as it is.

Knows nothing of training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from eval.pocket.builder import FIT_QUESTIONS
from eval.pocket.candidates import record
from eval.pocket.cards import annotator_card, fusion_card, percent, pool_table
from eval.pocket.evaluating import (
    FusionResult,
    annotator_results,
    candidate_lists,
    expert_results,
    fusion_result,
)
from eval.pocket.loader import DEFAULT_SIZES
from eval.pocket.measuring import in_form, taught_and_other
from eval.pocket.roster import EXPERTS, POOL_DIR

app = typer.Typer(add_completion=False)


def fusion_results(
    pool: Path, work: Path | None, split: str = "validation", n: int | None = None
) -> dict[str, FusionResult]:
    """The aggregator against votes, with the best three by profile and with any three."""
    profile = record(pool, "fit", FIT_QUESTIONS, work).accuracy()
    asked = record(pool, split, DEFAULT_SIZES[split] if n is None else n, work)
    return {
        f"{how} of {k}": fusion_result(
            pool / "aggregator", asked, candidate_lists(asked, profile, k, by_profile=by_profile)
        )
        for how, by_profile in (("best by profile", True), ("any", False))
        for k in (3,)
    }


def report(pool: Path, work: Path | None, split: str = "validation") -> str:
    """All tables in Markdown."""
    asked = record(pool, split, DEFAULT_SIZES[split], work)
    results = expert_results(asked)
    lines = [pool_table(results)]
    for expert in EXPERTS:
        taught, other = taught_and_other(expert, results[expert.name])
        form = percent(in_form(asked.texts[expert.name]))
        lines.append(
            f"- {expert.name}: taught parts {percent(taught)}, other parts {percent(other)}, in form {form}"
        )
    lines += ["", annotator_card(annotator_results(pool / "annotator", split))]
    lines += [fusion_card(fusion_results(pool, work, split))]
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
