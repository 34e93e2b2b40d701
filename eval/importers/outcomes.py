"""Importer of wide tables: a row per question, columns `ok:<model>` and the like per model.

CSV, JSONL, JSON or parquet. Of the question: `question`; optional `question_id` (or `id`), `options` or
`choices`, `category`, `subject` or `task`, `split`. Of each model, one of the first two:

    ok:<model>     1 right, 0 wrong, -1 not run
    score:<model>  in [0, 1]
    pred:<model>   extracted answer; empty = unparsed
    toks:<model>   completion tokens
    chars:<model>  characters of the output; a fourth of it stands in where there are no tokens
    cost:<model>   US dollars

This is the layout of this project's own collected data. Other columns, gold answers among them, are not
read. Options that begin with "assert " are tests of a program (MBPP in LLMRouter's data), not options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import CHARACTERS_PER_TOKEN, choices, is_missing, number, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import read_rows

_NOT_RUN = -1


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import wide tables; `columns` renames the files' columns.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    collector = Collector()
    for path in paths:
        for number_, row in enumerate(read_rows(path, columns), start=1):
            _take_row(collector, path, number_, row)
    return collector.report()


def _take_row(collector: Collector, path: Path, n: int, row: Mapping[str, Any]) -> None:
    experts = {name.split(":", 1)[1]: None for name in row if name.startswith(("ok:", "score:"))}
    if "question" not in row or not experts:
        raise wrong(path, n, "question" if experts else "ok:<model>", "there is no such column")
    index = collector.question(
        text(row["question"]),
        id=text(row.get("question_id", row.get("id"))),
        choices=_options(row, path, n),
        subject=next((text(row[name]) for name in ("category", "subject", "task") if name in row), ""),
        split=text(row.get("split")),
        repeat=True,
    )
    if index is None:
        return
    for expert in experts:
        value = _score(row, expert, path, n)
        if isnan(value):
            collector.skipped["cells that were not run"] += 1
            collector.expert(expert)
            continue
        collector.cell(
            index,
            expert,
            value,
            answer=text(row.get(f"pred:{expert}")),
            tokens=_tokens(collector, row, expert, path, n),
            cost_usd=number(row.get(f"cost:{expert}"), path, n, f"cost:{expert}"),
        )


def _options(row: Mapping[str, Any], path: Path, n: int) -> tuple[str, ...]:
    name = "options" if "options" in row else "choices"
    found = choices(row.get(name), path, n, name)
    return () if any(option.startswith("assert ") for option in found) else found


def _score(row: Mapping[str, Any], expert: str, path: Path, n: int) -> float:
    for name in (f"ok:{expert}", f"score:{expert}"):
        value = row.get(name)
        if not is_missing(value):
            return float("nan") if value in (_NOT_RUN, str(_NOT_RUN)) else score(value, path, n, name)
    return float("nan")


def _tokens(collector: Collector, row: Mapping[str, Any], expert: str, path: Path, n: int) -> float:
    tokens = number(row.get(f"toks:{expert}"), path, n, f"toks:{expert}")
    characters = number(row.get(f"chars:{expert}"), path, n, f"chars:{expert}")
    if not isnan(tokens) or isnan(characters):
        return tokens
    collector.note("Tokens are characters / 4 where none were logged.")
    return characters / CHARACTERS_PER_TOKEN
