"""Importer of LLMRouterBench's result files (arXiv:2601.07206).

A JSON file per data set, split and model, with `model_name`, `dataset_name`, `split`, `demo` and a list
`records` of `index`, `origin_query`, `prompt`, `prediction`, `score`, `completion_tokens`, `cost`
(US dollars). Verified in data_collector/storage.py of ynulihao/LLMRouterBench. As there, demo files do
not count, and of several files of one data set, split and model the latest by the time in its name does.
Its split "test" means the part of the source that was run, not a held-out one; splits are by hash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import number, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import files_under, read_json
from experts.errors import ConfigError

_HEAD = ("model_name", "dataset_name", "records")
_TIME = re.compile(r"(\d{8}_\d{6})\.json$")


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import result files, or folders of them; takes no `columns`.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    if columns:
        raise ConfigError("Kind llmrouterbench has a fixed layout; give no --map.")
    collector = Collector()
    latest: dict[tuple[str, str, str], tuple[str, Path]] = {}
    for path in files_under(paths, ".json"):
        result = _head(path)
        if result.get("demo"):
            collector.skipped["demo files"] += 1
            continue
        key = (text(result["dataset_name"]), text(result.get("split")), text(result["model_name"]))
        time = _TIME.search(path.name)
        entry = (time.group(1) if time else "", path)
        if key in latest:
            collector.skipped["files of an earlier run"] += 1
        latest[key] = max(latest.get(key, entry), entry)
    for (dataset, split, model), (_, path) in latest.items():
        for n, record in enumerate(_head(path)["records"], start=1):
            _take_record(collector, path, n, record, f"{dataset}/{split}", dataset, model)
    return collector.report()


def _head(path: Path) -> Mapping[str, Any]:
    result = read_json(path)
    if not isinstance(result, dict) or any(name not in result for name in _HEAD):
        raise ConfigError(f"{path} must hold a JSON object with {', '.join(_HEAD)}.")
    if not isinstance(result["records"], list):
        raise ConfigError(f"{path}: records must be a list.")
    return result


def _take_record(
    collector: Collector, path: Path, n: int, record: Any, part: str, dataset: str, model: str
) -> None:
    for name in ("index", "score"):
        if not isinstance(record, dict) or name not in record:
            raise wrong(path, n, name, "the record has no such field")
    index = collector.question(
        text(record.get("origin_query")) or text(record.get("prompt")),
        id=f"{part}/{text(record['index'])}",
        subject=dataset,
    )
    if index is None:
        return
    value = score(record["score"], path, n, "score")
    if isnan(value):
        collector.skipped["cells that were not run"] += 1
        return
    collector.cell(
        index,
        model,
        value,
        answer=text(record.get("prediction")),
        tokens=number(record.get("completion_tokens"), path, n, "completion_tokens"),
        cost_usd=number(record.get("cost"), path, n, "cost"),
    )
