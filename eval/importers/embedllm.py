"""Importer of EmbedLLM's correctness tables (Zhuang et al., ICLR 2025).

CSV (or parquet) with a row per model and prompt: `prompt_id`, `prompt`, `model_id` or `model_name`,
`label` (1 right, 0 wrong), optional `category` and `category_id`. Verified: `prompt_id`, `prompt`,
`model_id` and `label` in algorithm/knn.py of richardzhuang0412/EmbedLLM; the rest from the data set's
card. A file named train, validation or test gives its rows that split. Where a model has a prompt twice
the first row counts (their code takes the best).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import read_rows
from experts.outcome_table import SPLITS


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import tables of EmbedLLM; `columns` renames the files' columns.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    collector = Collector()
    for path in paths:
        split = path.stem if path.stem in (*SPLITS, "val") else ""
        for n, row in enumerate(read_rows(path, columns), start=1):
            _take_row(collector, path, n, row, split)
    return collector.report()


def _take_row(collector: Collector, path: Path, n: int, row: Mapping[str, Any], split: str) -> None:
    for name in ("prompt_id", "prompt", "label"):
        if name not in row:
            raise wrong(path, n, name, f"there is no such column; it has {', '.join(row)}")
    expert = text(row.get("model_name")) or text(row.get("model_id"))
    if not expert:
        raise wrong(path, n, "model_name", "neither it nor model_id names a model")
    index = collector.question(
        text(row["prompt"]), id=text(row["prompt_id"]), subject=text(row.get("category")), split=split
    )
    if index is None:
        return
    value = score(row["label"], path, n, "label")
    if isnan(value):
        collector.skipped["cells that were not run"] += 1
    else:
        collector.cell(index, expert, value)
