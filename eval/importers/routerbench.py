"""Importer of RouterBench (Hu et al., 2024) as CSV or parquet; its pickles can run code and are refused.

A row per prompt: `prompt`, optional `sample_id` and `eval_name` (the subject); per model the columns
`<model>` (score in [0, 1]), `<model>|total_cost` (US dollars) and `<model>|model_response`. Verified in
evaluate_routers.py of withmartian/routerbench, which reads the same table as CSV or pickle. Prompts and
responses are often Python lists of texts written out; they are joined. Responses give only tokens
(characters / 4): they are whole outputs, not extracted answers.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import CHARACTERS_PER_TOKEN, number, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import read_rows
from experts.errors import ConfigError

_COST, _RESPONSE = "|total_cost", "|model_response"


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import tables of RouterBench; `columns` renames the files' columns.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    collector = Collector()
    for path in paths:
        if path.suffix in (".pkl", ".pickle"):
            raise ConfigError(
                f"{path} is a pickle, which can run code when it is read; convert it to parquet where you "
                "trust it (pandas.read_pickle, to_parquet)."
            )
        for n, row in enumerate(read_rows(path, columns), start=1):
            _take_row(collector, path, n, row)
    return collector.report()


def _take_row(collector: Collector, path: Path, n: int, row: Mapping[str, Any]) -> None:
    experts = [name.removesuffix(_COST) for name in row if name.endswith(_COST)]
    experts = [name for name in experts if name in row]
    if "prompt" not in row or not experts:
        raise wrong(path, n, "prompt" if experts else f"<model>{_COST}", "there is no such column")
    index = collector.question(
        _joined(row["prompt"]),
        id=text(row.get("sample_id")),
        subject=text(row.get("eval_name")),
        repeat=True,
    )
    if index is None:
        return
    for expert in experts:
        value = score(row[expert], path, n, expert)
        if isnan(value):
            collector.skipped["cells that were not run"] += 1
            collector.expert(expert)
            continue
        response = _joined(row.get(expert + _RESPONSE))
        if response:
            collector.note("Tokens are characters / 4 of the responses.")
        collector.cell(
            index,
            expert,
            value,
            tokens=len(response) / CHARACTERS_PER_TOKEN if response else float("nan"),
            cost_usd=number(row[expert + _COST], path, n, expert + _COST),
        )


def _joined(value: Any) -> str:
    """A text, or a list of texts (perhaps written out as Python) joined by lines."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return str(value)
    if isinstance(value, list):
        return "\n".join(map(text, value))
    return text(value)
