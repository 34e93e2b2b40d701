"""Importer of long tables: a row per question and expert, in CSV, JSONL, JSON or parquet.

Columns `question`, `expert`, `score`; optional `question_id`, `choices`, `subject`, `split`, `sample`,
`answer`, `tokens`, `seconds`, `cost_usd`. Without `sample`, rows that repeat a question and expert are
the next samples of it. Without `question_id`, equal question and options are one question. An empty
score is a run that failed. Other columns are not read. The layout is this project's own; `columns` maps
other names to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import choices, is_missing, number, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import read_rows


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import long tables; `columns` renames the files' columns.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    collector = Collector()
    for path in paths:
        for n, row in enumerate(read_rows(path, columns), start=1):
            _take_row(collector, path, n, row)
    return collector.report()


def _take_row(collector: Collector, path: Path, n: int, row: Mapping[str, Any]) -> None:
    for name in ("question", "expert", "score"):
        if name not in row:
            raise wrong(path, n, name, f"there is no such column; it has {', '.join(row)} (map one to it)")
    expert = text(row["expert"])
    if not expert:
        collector.skipped["no expert"] += 1
        return
    index = collector.question(
        text(row["question"]),
        id=text(row.get("question_id")),
        choices=choices(row.get("choices"), path, n, "choices"),
        subject=text(row.get("subject")),
        split=text(row.get("split")),
    )
    if index is None:
        return
    value = score(row["score"], path, n, "score")
    if isnan(value):
        collector.skipped["cells that were not run"] += 1
        collector.expert(expert)
        return
    collector.cell(
        index,
        expert,
        value,
        answer=text(row.get("answer")),
        sample=_sample(row.get("sample"), path, n),
        tokens=number(row.get("tokens"), path, n, "tokens"),
        seconds=number(row.get("seconds"), path, n, "seconds"),
        cost_usd=number(row.get("cost_usd"), path, n, "cost_usd"),
    )


def _sample(value: Any, path: Path, n: int) -> int | None:
    if is_missing(value):
        return None
    found = number(value, path, n, "sample")
    if found < 0 or not found.is_integer():
        raise wrong(path, n, "sample", f"must be 0, 1, ..., got {value!r}")
    return int(found)
