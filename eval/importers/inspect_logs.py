"""Importer of inspect_ai logs: `.json`, or `.eval`, a zip archive of JSON files.

A log has `eval` with `model` and `task`, and samples with `id`, `epoch`, `input` (a text or messages),
`choices`, `scores` (per scorer `value` and `answer`), `output`, `total_time`, `error`. In the archive
`header.json` (or, of a run that was cut off, `_journal/start.json`) holds `eval`, and each sample is
`samples/<id>_epoch_<n>.json`. Verified in inspect.aisi.org.uk/eval-logs.html and in excerpts of
inspect_ai's writer of archives and its tests.

Epochs are samples of a question. The first scorer counts, or the one that `columns` maps to "score".
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from eval.importers.collector import Collector
from eval.importers.fields import choices, number, score, text, wrong
from eval.importers.report import ImportReport
from eval.importers.rows import files_under, read_json
from experts.errors import ConfigError, QueryError
from experts.query import Message

_HEADERS = ("header.json", "_journal/start.json")


def import_files(paths: Sequence[Path], columns: Mapping[str, str]) -> ImportReport:
    """Import logs, or folders of them; `columns` may map a scorer's name to "score".

    Raises:
        ConfigError: a file or a value is wrong (names file, row, column), or there was nothing in them.
    """
    if list(columns.values()) not in ([], ["score"]):
        raise ConfigError("Kind inspect maps one scorer to score: --map SCORER=score.")
    collector = Collector()
    for path in files_under(paths, ".eval", ".json"):
        header, samples = _read_archive(path) if path.suffix == ".eval" else _read_log(path)
        run = header.get("eval")
        if not isinstance(run, dict) or not run.get("model"):
            raise ConfigError(f"{path} is not a log of inspect_ai: it has no eval.model.")
        for n, sample in enumerate(samples, start=1):
            _take_sample(collector, path, n, sample, run, next(iter(columns), ""))
    return collector.report()


def _read_log(path: Path) -> tuple[Mapping[str, Any], Iterator[Any]]:
    log = read_json(path)
    if not isinstance(log, dict):
        raise ConfigError(f"{path} is not a log of inspect_ai: it must hold a JSON object.")
    samples = log.get("samples") or []
    if not isinstance(samples, list):
        raise ConfigError(f"{path}: samples must be a list.")
    return log, iter(samples)


def _read_archive(path: Path) -> tuple[Mapping[str, Any], Iterator[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            head = next((name for name in _HEADERS if name in names), None)
            if head is None:
                raise ConfigError(f"{path} is not a log of inspect_ai: it has no {' or '.join(_HEADERS)}.")
            members = sorted(name for name in names if name.startswith("samples/"))
            header = json.loads(archive.read(head))
            samples = [json.loads(archive.read(name)) for name in members]
    except NotImplementedError as error:
        raise ConfigError(
            f"{path} is compressed in a way that Python cannot read ({error}); convert it with "
            "`inspect log convert --to json`."
        ) from error
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ConfigError(f"{path} is not a readable archive of JSON files ({error}).") from error
    return header if isinstance(header, dict) else {}, iter(samples)


def _take_sample(
    collector: Collector, path: Path, n: int, sample: Any, run: Mapping[str, Any], scorer: str
) -> None:
    if not isinstance(sample, dict) or "id" not in sample or "input" not in sample:
        raise wrong(path, n, "input", "a sample must have id and input")
    earlier, question = _conversation(sample["input"], path, n)
    index = collector.question(
        question,
        id=f"{text(run.get('task'))}/{text(sample['id'])}",
        choices=choices(sample.get("choices"), path, n, "choices"),
        earlier=earlier,
        subject=_subject(sample) or text(run.get("task")),
    )
    if index is None:
        return
    verdict = _verdict(sample, scorer)
    if sample.get("error") or verdict is None or isinstance(verdict.get("value"), dict | list):
        collector.skipped["samples that failed or have no single score"] += 1
        return
    value = score(verdict.get("value"), path, n, "scores")
    if isnan(value):
        collector.skipped["samples that failed or have no single score"] += 1
        return
    usage = (sample.get("output") or {}).get("usage") or {}
    collector.cell(
        index,
        text(run["model"]),
        value,
        answer=text(verdict.get("answer")),
        sample=int(number(sample.get("epoch", 1), path, n, "epoch")) - 1,
        tokens=number(usage.get("output_tokens"), path, n, "output.usage.output_tokens"),
        seconds=number(sample.get("total_time"), path, n, "total_time"),
    )


def _verdict(sample: Mapping[str, Any], scorer: str) -> Mapping[str, Any] | None:
    scores = sample.get("scores")
    if not isinstance(scores, dict) or not scores:
        return None
    found = scores.get(scorer) if scorer else next(iter(scores.values()))
    return found if isinstance(found, dict) else None


def _subject(sample: Mapping[str, Any]) -> str:
    metadata = sample.get("metadata")
    return text(metadata.get("subject", metadata.get("category"))) if isinstance(metadata, dict) else ""


def _conversation(value: Any, path: Path, n: int) -> tuple[tuple[Message, ...], str]:
    """Messages before the last of the user's, and its text."""
    if isinstance(value, str):
        return (), value
    if not isinstance(value, list) or not all(isinstance(turn, dict) for turn in value):
        raise wrong(path, n, "input", "must be a text or a list of messages")
    turns = [(text(turn.get("role")), _content(turn.get("content"))) for turn in value]
    while turns and turns[-1][0] != "user":
        turns.pop()
    if not turns:
        return (), ""
    try:
        return tuple(Message(role, content) for role, content in turns[:-1]), turns[-1][1]  # type: ignore[arg-type]  # Message checks the role
    except QueryError as error:
        raise wrong(path, n, "input", str(error).rstrip(".")) from error


def _content(content: Any) -> str:
    """The text of a message, whose parts may also be images and the like."""
    if isinstance(content, list):
        return "\n".join(
            text(part.get("text")) for part in content if isinstance(part, dict) and "text" in part
        )
    return text(content)
