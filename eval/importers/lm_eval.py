"""Importer of lm-evaluation-harness sample logs (`--log_samples`).

Folders with `samples_<task>_<time>.jsonl`, one folder a model; the model's name is `model_name` of a
`results_*.json` beside them, or the folder's. A line has `doc_id`, `doc`, `filter`, `resps`,
`filtered_resps`, `metrics` (names) and a number per metric. Verified in
lm_eval/loggers/evaluation_tracker.py of EleutherAI/lm-evaluation-harness (names of files, everything in
`resps` written as text) and in excerpts of its evaluator (fields).

The score is the first metric at hand of `METRICS`, else the first in `metrics`. Where a task has
several filters the first in the file counts; of several runs of a task, the latest. The fields of `doc`
differ by task: `columns` maps one to "question", "choices", "subject" or, of the metrics, "score".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import CHARACTERS_PER_TOKEN, choices, is_missing, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import files_under, read_json, read_rows
from experts.errors import ConfigError
from experts.query import LETTERS

METRICS = ("exact_match", "acc", "acc_norm", "pass@1", "pass_at_1", "prompt_level_strict_acc", "f1")
_QUESTION = ("question", "query", "problem", "prompt", "input", "goal", "text", "ctx", "sentence")
_CHOICES = ("choices", "options", "endings")
_SUBJECT = ("subject", "category", "Subject", "domain")
_NAME = re.compile(r"samples_(?P<task>.+?)(?:_\d{4}-\d\d-\d\dT[^/]*)?\.jsonl")
_TARGETS = ("question", "choices", "subject", "score")


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import sample logs, or folders of them; `columns` names fields of `doc` or a metric.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    unknown = [target for target in columns.values() if target not in _TARGETS]
    if unknown:
        raise ConfigError(f"Kind lm_eval maps to {', '.join(_TARGETS)}, not to {unknown[0]!r}.")
    collector = Collector()
    runs = [path for path in files_under(paths, ".jsonl") if path.name.startswith("samples_")]
    if not runs:
        raise ConfigError(f"No samples_*.jsonl among {', '.join(map(str, paths))}; log with --log_samples.")
    # Names end in the time, and the first cell counts: the latest run comes first within a folder.
    for path in sorted(runs, key=lambda p: (str(p.parent), p.name), reverse=True):
        _take_file(collector, path, columns)
    return collector.report()


def _take_file(collector: Collector, path: Path, columns: Mapping[str, str]) -> None:
    name = _NAME.fullmatch(path.name)
    task = name["task"] if name else path.stem
    model = _model(path)
    kept_filter = None
    for n, row in enumerate(read_rows(path, {}), start=1):
        if not isinstance(row.get("doc"), dict) or "doc_id" not in row:
            raise wrong(path, n, "doc" if "doc_id" in row else "doc_id", "there is no such field")
        kept_filter = row.get("filter") if kept_filter is None else kept_filter
        if row.get("filter") != kept_filter:
            collector.skipped["lines of a task's other filters"] += 1
            continue
        _take_line(collector, path, n, row, (task, model), columns)
    if kept_filter not in (None, "none"):
        collector.note(f"Task {task}: the filter {kept_filter!r} counts.")


def _take_line(
    collector: Collector,
    path: Path,
    n: int,
    row: Mapping[str, Any],
    run: tuple[str, str],
    columns: Mapping[str, str],
) -> None:
    task, model = run
    doc = row["doc"]
    options = choices(_field(doc, "choices", _CHOICES, columns), path, n, "doc.choices")
    index = collector.question(
        text(_field(doc, "question", _QUESTION, columns)),
        id=f"{task}/{text(row['doc_id'])}",
        choices=options if len(options) > 1 else (),
        subject=text(_field(doc, "subject", _SUBJECT, columns)) or task,
    )
    if index is None:
        return
    value, metric = _score(row, path, n, columns)
    if isnan(value):
        collector.skipped["lines without a score"] += 1
        return
    collector.note(f"Task {task}: the score is {metric!r}.")
    output = _first(row.get("resps"))
    if output:
        collector.note("Tokens are characters / 4 of the outputs.")
    collector.cell(
        index,
        model,
        value,
        answer=_answer(row.get("filtered_resps"), len(options)),
        tokens=len(output) / CHARACTERS_PER_TOKEN if output else float("nan"),
    )


def _model(path: Path) -> str:
    for results in sorted(path.parent.glob("results_*.json"), reverse=True):
        content = read_json(results)
        if isinstance(content, dict) and content.get("model_name"):
            return text(content["model_name"])
    return path.resolve().parent.name


def _field(doc: Mapping[str, Any], target: str, names: Sequence[str], columns: Mapping[str, str]) -> Any:
    names = [name for name, aim in columns.items() if aim == target] or names
    return next((doc[name] for name in names if not is_missing(doc.get(name))), None)


def _score(row: Mapping[str, Any], path: Path, n: int, columns: Mapping[str, str]) -> tuple[float, str]:
    """The score and the metric's name; NaN without one."""
    logged = row.get("metrics")
    metrics = [name for name, aim in columns.items() if aim == "score"]
    for metric in metrics or [*METRICS, *(logged if isinstance(logged, list) else [])]:
        if not is_missing(row.get(metric)):
            return score(row[metric], path, n, metric), metric
    return float("nan"), ""


def _first(responses: Any) -> str:
    """The first output, if the task generates text rather than weighs options."""
    while isinstance(responses, list) and responses and isinstance(responses[0], list):
        responses = responses[0]
    if isinstance(responses, list) and len(responses) == 1 and isinstance(responses[0], str):
        return responses[0]
    return ""


def _answer(filtered: Any, n_options: int) -> str:
    """The filtered text, or the letter of the likeliest option; "" = neither."""
    if not isinstance(filtered, list) or not filtered:
        return ""
    if n_options > 1 and len(filtered) == n_options:
        try:
            weights = [float(entry[0] if isinstance(entry, list) else entry) for entry in filtered]
        except (TypeError, ValueError, IndexError):
            return ""
        return LETTERS[weights.index(max(weights))]
    return "" if filtered[0] == "[invalid]" or not isinstance(filtered[0], str) else filtered[0]
