"""How often our scoring of recorded MMLU-Pro texts agrees with the published scores, and why where not.

    python -m eval.interchange.mmlu_pro_agreement --data FOLDER --out agreement.json

The folder has mmlu_pro_texts.parquet (model, question_id, text), mmlu_pro_outcomes.parquet (`pred:` and
`ok:` by model, -1 = not run) and mmlu_pro_accuracy.csv. Asks no model.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from eval.interchange.difference_causes import Reorderings, cause
from eval.interchange.recorded_mmlu_pro import RecordedRow, recorded_models

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class ModelAgreement:
    """One model: shares in percent of its rows, accuracies in percent by split."""

    model: str
    rows: int
    """With a text and a record."""
    official: float
    """Official extraction says right or wrong as the record does."""
    reordered: float
    """The same, with letters of reordered questions in the new order (`Reorderings`), where the model was
    run on the old one."""
    last: float
    """The same, where it is more: with the last of several statements in place of the first."""
    ours: float
    """Our extraction in place of the official one, with reordered letters too."""
    accuracy: dict[str, float]
    """Of the official extraction, with reordered letters, by split."""
    accuracy_last: dict[str, float]
    """With the last of several statements, where that agrees more with the record."""
    published: dict[str, float]
    causes: dict[str, int]
    """Why rows differ from the record, before reordering."""
    old_order: bool
    """Whether the model was run on the old order: more of its letters are then the recorded ones."""


def agreement(folder: Path, *, ours: bool = True) -> list[ModelAgreement]:
    """Agreement of every model that has texts, by name; about 10 s without `ours`, 2 min with.

    Args:
        folder: with the three files.
        ours: whether our extraction is run too; else its share is that of the official one.
    """
    # Twice over the texts, so that those of one model only are in memory.
    reorderings = Reorderings(
        (model, row.question, row.official, row.recorded)
        for model, rows in recorded_models(folder, ours=False)
        for row in rows
        if row.reordered and row.official is not None and row.recorded
    )
    with (folder / "mmlu_pro_accuracy.csv").open(encoding="utf-8", newline="") as file:
        published = {row["model"]: row for row in csv.DictReader(file)}
    return [
        _model(model, rows, reorderings, {s: 100 * float(published[model][s]) for s in SPLITS})
        for model, rows in recorded_models(folder, ours=ours)
    ]


def _model(
    model: str, rows: list[RecordedRow], reorderings: Reorderings, published: dict[str, float]
) -> ModelAgreement:
    causes: Counter[str] = Counter()
    agree: Counter[str] = Counter()
    right: Counter[str] = Counter()
    right_last: Counter[str] = Counter()
    old_order = _ran_on_old_order(model, rows, reorderings)
    for row in rows:
        translate = old_order and row.reordered

        def new(letter: str | None, row: RecordedRow = row, translate: bool = translate) -> str | None:
            known = reorderings.new_letter(model, row.question, letter) if letter and translate else None
            return known or letter

        translated = new(row.official)
        agree["official"] += (row.official == row.gold) == row.right
        agree["reordered"] += (translated == row.gold) == row.right
        agree["last"] += (new(row.last) == row.gold) == row.right
        agree["ours"] += (new(row.ours) == row.gold) == row.right
        right[row.split] += translated == row.gold
        right_last[row.split] += new(row.last) == row.gold
        if (row.official == row.gold) != row.right:
            why = cause(row.text, row.official, row.recorded, reordered=translate, translated=translated)
            causes[why] += 1
    count = Counter(row.split for row in rows)
    share = {name: 100 * agree[name] / len(rows) for name in agree}
    by_record = right_last if agree["last"] > agree["reordered"] else right
    return ModelAgreement(
        model=model,
        rows=len(rows),
        official=share["official"],
        reordered=share["reordered"],
        last=max(share["last"], share["reordered"]),
        ours=share["ours"],
        accuracy={split: 100 * right[split] / count[split] for split in SPLITS},
        accuracy_last={split: 100 * by_record[split] / count[split] for split in SPLITS},
        published=published,
        causes=dict(causes.most_common()),
        old_order=old_order,
    )


def _ran_on_old_order(model: str, rows: list[RecordedRow], reorderings: Reorderings) -> bool:
    """Whether letters of reordered questions are the recorded ones only in the new order."""
    old = same = 0
    for row in rows:
        if row.reordered and row.official is not None:
            old += reorderings.new_letter(model, row.question, row.official) == row.recorded
            same += row.official == row.recorded
    return old > same


def lines(found: list[ModelAgreement]) -> list[str]:
    """The table in words; a star where a bar (99% of rows, accuracy within 0.5 points) is missed."""
    head = f"{'model':30}{'rows':>6}{'official':>10}{'reordered':>11}{'last':>8}{'ours':>8}"
    told = [f"{head}   accuracy - published (train, validation, test), the same with the last statement"]
    for model in found:
        shares = f"{model.official:10.2f}{model.reordered:11.2f}{model.last:8.2f}{model.ours:8.2f}"
        first, last = (_off(model, values) for values in (model.accuracy, model.accuracy_last))
        missed = "*" if model.reordered < 99 or max(map(abs, first)) > 0.5 else ""
        offs = "  ".join(" ".join(f"{off:+.2f}" for off in part) for part in (first, last))
        told.append(f"{model.model:30}{model.rows:6}{shares}   {offs} {missed}".rstrip())
    for model in found:
        told += [f"{model.model}: {n} {why}" for why, n in model.causes.items()]
    return told


def _off(model: ModelAgreement, accuracy: dict[str, float]) -> list[float]:
    """Points by split, rounded as the published figures are (two decimals of a percent)."""
    return [round(accuracy[split] - model.published[split], 2) for split in SPLITS]


def main(
    data: Annotated[Path, typer.Option(help="Folder of the recorded outcomes.")],
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
    ours: Annotated[bool, typer.Option(help="Run our extraction too (minutes).")] = True,
) -> None:
    """Compare, print a table, write JSON."""
    import json

    found = agreement(data, ours=ours)
    for line in lines(found):
        sys.stdout.write(line + "\n")
    if out is not None:
        out.write_text(json.dumps([asdict(model) for model in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
