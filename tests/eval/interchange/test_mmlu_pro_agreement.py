"""The official extraction against recorded MMLU-Pro scores: made ones, and the real ones where they are."""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from eval.interchange.difference_causes import LAST, REORDERED
from eval.interchange.mmlu_pro_agreement import agreement, lines

DATA = os.environ.get("COMPOUND_DATA")
LAST_STATEMENT = {"gemini-1.5-pro-002", "R1-Distill-Qwen-7B-nothink"}
"""Their records have the last of several statements: they repeated the examples' answers, or changed their
minds."""


def made(folder: Path) -> Path:
    """Two models on six questions, the second of which was reordered (A is now D)."""
    splits = ("train", "train", "validation", "validation", "test", "test")
    table: dict[str, Any] = {
        "question_id": list(range(6)),
        "question": [f"What is {i}?" for i in range(6)],
        "options": [list("wxyz")] * 6,
        "answer": ["A", "D", "A", "A", "A", "A"],
        "split": splits,
        "permuted_in_old": [i == 1 for i in range(6)],
    }
    texts = {
        "ann": ["answer is A", "answer is A", "answer is B", "answer is A", "answer is A", "answer is A"],
        "bob": ["answer is A", "answer is A", "answer is B answer is A", "no", "answer is A", "Answer: A"],
    }
    preds = {"ann": ["A", "D", "B", "A", "A", "A"], "bob": ["A", "D", "A", "", "A", "A"]}
    for name in texts:
        table[f"pred:{name}"] = preds[name]
        table[f"ok:{name}"] = [int(p == g) for p, g in zip(preds[name], table["answer"], strict=True)]
    table["ok:ann"][5] = -1
    parquet.write_table(pa.table(table), folder / "mmlu_pro_outcomes.parquet")
    rows = [(name, i, text) for name, said in texts.items() for i, text in enumerate(said)]
    columns = {key: [row[i] for row in rows] for i, key in enumerate(("model", "question_id", "text"))}
    parquet.write_table(pa.table(columns), folder / "mmlu_pro_texts.parquet")
    (folder / "mmlu_pro_accuracy.csv").write_text(
        "model,train,validation,test\nann,1.0,0.5,1.0\nbob,1.0,0.5,1.0\n", encoding="utf-8"
    )
    return folder


def test_counts_causes_and_rows_that_were_not_run(tmp_path: Path) -> None:
    ann, bob = agreement(made(tmp_path))
    assert (ann.model, ann.rows, bob.rows) == ("ann", 5, 6)
    assert ann.causes == {REORDERED: 1} and ann.old_order
    assert (ann.official, ann.reordered, ann.ours) == (80.0, 100.0, 100.0)
    assert ann.accuracy == ann.published == {"train": 100.0, "validation": 50.0, "test": 100.0}
    assert bob.causes == {REORDERED: 1, LAST: 1}
    assert bob.reordered == pytest.approx(500 / 6) and bob.last == 100.0
    assert bob.accuracy["validation"] == 0.0 and bob.accuracy_last["validation"] == 50.0
    told = lines([ann, bob])
    assert told[2].endswith("*") and not told[1].endswith("*")


@pytest.mark.full
@pytest.mark.skipif(not DATA, reason="needs the recorded outcomes (COMPOUND_DATA)")
def test_real_texts_agree_with_their_records() -> None:
    found = agreement(Path(str(DATA)), ours=False)
    assert len(found) == 25 and sum(model.rows for model in found) == 206_506
    for model in found:
        first = model.model not in LAST_STATEMENT
        assert (model.reordered if first else model.last) >= 99, model.model
        accuracy = model.accuracy if first else model.accuracy_last
        for split, published in model.published.items():
            assert abs(accuracy[split] - published) <= 0.5, (model.model, split)
        explained = sum(model.causes.values())
        assert explained == round(model.rows * (1 - model.official / 100))
