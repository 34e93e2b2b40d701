"""Importer of MMLU-Pro's `eval_results`: JSON lists of answered questions, in folders or zip archives.

A row has `question_id`, `question`, `options`, `answer` (letter), `category`, the output as
`model_outputs` or `response`, and `pred`: the letter found in the output, null where none was, which
counts as wrong (the official script guesses). Without `pred` the letter is looked for here. Verified in
TIGER-AI-Lab/MMLU-Pro: eval_results/gpt4o/business_result.json, compute_accuracy.py and the names of
eval_results/model_outputs_*_5shots.zip.

The model is the file's name where it is model_outputs_<model>_<n>shots, else the folder's (or the
archive's); summaries (`*_summary.json`) are not read. Options "N/A" only fill up and are dropped.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import CHARACTERS_PER_TOKEN, choices, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import files_under, parse_json, read_json
from experts.errors import ConfigError
from experts.extraction import extract_choice

_NAMED = re.compile(r"model_outputs_(?P<model>.+?)(?:_\d+shots?)?")
_OUTPUTS = ("model_outputs", "response", "generated_text")


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import result files, archives or folders of them; takes no `columns`.

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    if columns:
        raise ConfigError("Kind mmlu_pro has a fixed layout; give no --map.")
    collector = Collector()
    for path in files_under(paths, ".json", ".zip"):
        for place, model, rows in _results(path):
            if place.stem.endswith("summary"):
                continue
            if not isinstance(rows, list):
                raise ConfigError(f"{place} must hold a JSON list of answered questions.")
            for n, row in enumerate(rows, start=1):
                if not isinstance(row, dict):
                    raise wrong(place, n, "question_id", "the row must be a JSON object")
                _take_row(collector, place, n, row, model)
    return collector.report()


def _results(path: Path) -> Iterator[tuple[Path, str, Any]]:
    """Place, model and content of a file, or of every JSON file in an archive."""
    if path.suffix != ".zip":
        if not path.stem.endswith("summary"):
            yield path, _model(path, path.resolve().parent.name), read_json(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                # Archives made on a Mac have a second, hidden entry for every file.
                if name.endswith(".json") and "__MACOSX" not in name:
                    content = archive.read(name).decode("utf-8-sig")
                    yield path / name, _model(path, path.stem), parse_json(content, str(path / name))
    except (zipfile.BadZipFile, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a readable zip archive of JSON files ({error}).") from error


def _model(path: Path, otherwise: str) -> str:
    for name in (path.stem, otherwise):
        match = _NAMED.fullmatch(name)
        if match:
            return match["model"]
    return otherwise


def _take_row(collector: Collector, path: Path, n: int, row: Mapping[str, Any], model: str) -> None:
    for name in ("question_id", "question", "options", "answer"):
        if name not in row:
            raise wrong(path, n, name, "there is no such field")
    options = tuple(option for option in choices(row["options"], path, n, "options") if option != "N/A")
    index = collector.question(
        text(row["question"]),
        id=text(row["question_id"]),
        choices=options,
        subject=text(row.get("category")),
    )
    if index is None:
        return
    output = next((text(row[name]) for name in _OUTPUTS if row.get(name)), "")
    if "pred" in row:
        found = text(row["pred"])
    elif output:
        found = extract_choice(output, len(options)) or ""
        collector.note("Letters were extracted here where there is no `pred`.")
    else:
        collector.skipped["rows with neither pred nor output"] += 1
        return
    if output:
        collector.note("Tokens are characters / 4 of the outputs.")
    collector.cell(
        index,
        model,
        float(found == text(row["answer"])),
        answer=found,
        tokens=len(output) / CHARACTERS_PER_TOKEN if output else float("nan"),
    )
