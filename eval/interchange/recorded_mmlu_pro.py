"""Recorded MMLU-Pro texts beside their published scores, model by model. Knows no statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.benchmarks.official_mmlu_pro import official_letter
from eval.interchange.difference_causes import last_statement
from experts.query import Query


@dataclass(frozen=True)
class RecordedRow:
    """What a model wrote on a question, its record, and the letters that extractions find."""

    question: int
    split: str
    gold: str
    recorded: str
    """Letter; "" = none."""
    right: bool
    """By the record."""
    reordered: bool
    """Whether the options were put into another order after most models' runs."""
    text: str
    official: str | None
    last: str | None
    ours: str | None
    """By our extraction; the official letter where that was not run."""


def recorded_models(folder: Path, *, ours: bool) -> Iterator[tuple[str, list[RecordedRow]]]:
    """Rows that were run (-1 in the record: they were not), model by model in the order of names."""
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    outcomes = parquet.read_table(folder / "mmlu_pro_outcomes.parquet")
    questions = outcomes.select(
        ["question_id", "question", "options", "answer", "split", "permuted_in_old"]
    ).to_pylist()
    place = {q["question_id"]: i for i, q in enumerate(questions)}
    queries = [
        Query.from_text(q["question"], id=str(q["question_id"]), choices=tuple(q["options"]))
        for q in questions
    ]
    texts = parquet.read_table(folder / "mmlu_pro_texts.parquet")
    for model in sorted(texts["model"].unique().to_pylist()):
        mine = texts.filter(compute.equal(texts["model"], model))
        recorded, ok = (outcomes[f"{what}:{model}"].to_pylist() for what in ("pred", "ok"))
        rows = []
        for question, text in zip(mine["question_id"].to_pylist(), mine["text"].to_pylist(), strict=True):
            i = place[question]
            if ok[i] != -1:
                read = (text or "", queries[i], ours)
                rows.append(_row(questions[i], recorded[i] or "", ok[i] == 1, *read))
        yield model, rows


def _row(
    question: dict[str, Any], recorded: str, right: bool, text: str, query: Query, ours: bool
) -> RecordedRow:
    from experts.extraction import extract_answer

    official = official_letter(text)
    return RecordedRow(
        question=question["question_id"],
        split=question["split"],
        gold=question["answer"],
        recorded=recorded,
        right=right,
        reordered=bool(question["permuted_in_old"]),
        text=text,
        official=official,
        last=last_statement(text) or official,
        ours=extract_answer(text, query) if ours else official,
    )
