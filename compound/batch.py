"""Questions in a JSONL file, answers in another, resumable.

A line that cannot be asked gets an error row; the rest is answered. Finished completions go to a
store beside the output at once, so that after a crash only what was in flight is asked again.
Knows no engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compound.answer import Answer
from compound.batch_rows import Row, read_rows
from compound.progress import OnProgress, silent
from compound.system import Compound
from experts.errors import ConfigError


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How a batch went."""

    rows: int
    errors: int
    """Rows with `error` set: broken lines, and questions that nobody answered."""


def store_path(output: Path) -> Path:
    """Where the finished completions of a batch are kept."""
    return output.with_name(output.name + ".store")


def run_batch(
    source: Path,
    output: Path,
    config: Path | str | None = None,
    *,
    k: int | None = None,
    on_progress: OnProgress = silent,
) -> BatchReport:
    """Answer every line of `source` into `output`, in order.

    Raises:
        ConfigError: a file cannot be read or written, or the configuration is wrong.
        RouterError: k is out of range.
    """
    rows = read_rows(source)
    check_writable(output)
    if output.exists() and output.samefile(source):
        raise ConfigError(f"{output} is the input itself; give another file as output.")
    queries = [row.query for row in rows if row.query is not None]
    answers: dict[str, Answer] = {}
    if queries:
        with Compound.from_config(config, store=store_path(output), on_progress=on_progress) as system:
            answers = {a.query_id: a for a in system.answer(queries, k=k)}
    lines = [_to_line(row, answers) for row in rows]
    _write(output.resolve(), lines)
    return BatchReport(len(rows), sum(1 for line in lines if line["error"]))


def check_writable(output: Path) -> None:
    """Raise before any work is spent.

    Raises:
        ConfigError: the folder is not there, or the file cannot be written.
    """
    folder = output.parent
    if output.is_dir():
        raise ConfigError(f"{output} is a folder; give the name of a file as output.")
    if output.exists() and not output.is_file():
        raise ConfigError(f"{output} is a device and not a file; give the name of a file as output.")
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder} to write {output.name} into. Make it first.")
    writable = os.access(folder, os.W_OK) and (not output.exists() or os.access(output, os.W_OK))
    if not writable:
        raise ConfigError(f"{output} cannot be written: permission denied. Give another place as output.")


def _write(output: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """All lines at once or none: somebody may be reading the file of an earlier run."""
    temporary = output.with_name(output.name + ".tmp")
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        temporary.replace(output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ConfigError(
            f"{output} cannot be written: {error.strerror}. The finished completions are kept; "
            "the same command goes on."
        ) from error


def _to_line(row: Row, answers: Mapping[str, Answer]) -> dict[str, Any]:
    if row.query is None:
        return {"line": row.line, "id": row.id, "error": row.error}
    answer = answers[row.query.id].to_dict()
    return {"line": row.line, "id": answer.pop("query_id"), **answer}
