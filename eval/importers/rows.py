"""Flat files as rows: CSV, JSONL, a JSON list, parquet. Knows no layout but that of the file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.importers.fields import wrong
from experts.errors import ConfigError

FORMATS = (".csv", ".jsonl", ".json", ".parquet")


def read_rows(path: Path, columns: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Rows of a file, with `columns` renamed from the file's name to ours.

    Raises:
        ConfigError: no such file, an ending other than `FORMATS`, a broken row, a name in `columns`
            that the file does not have.
    """
    if not path.is_file():
        raise ConfigError(f"No file {path}. Give one of {', '.join(FORMATS)}.")
    readers = {".csv": _csv, ".jsonl": _jsonl, ".json": _json, ".parquet": _parquet}
    if path.suffix.lower() not in readers:
        raise ConfigError(f"{path} must end in {', '.join(FORMATS)}.")
    seen: set[str] = set()
    try:
        for row in readers[path.suffix.lower()](path):
            seen.update(row)
            yield {columns.get(name, name): value for name, value in row.items()} if columns else row
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text ({error}). Convert it.") from error
    missing = [name for name in columns if name not in seen]
    if missing:
        raise ConfigError(f"{path} has no column {missing[0]!r} to map; it has {', '.join(sorted(seen))}.")


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        number = 0
        try:
            for number, row in enumerate(reader, start=1):
                if None in row:
                    raise wrong(path, number, "(last)", "there are more fields than the header has")
                short = [name for name, value in row.items() if value is None]
                if short:
                    raise wrong(path, number, short[0], "the row ends before it")
                yield row
        except csv.Error as error:
            raise ConfigError(f"{path}, row {number + 1} is not CSV ({error}).") from error


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _object(parse_json(line, f"{path}, row {number}"), path, number)


def _json(path: Path) -> Iterator[dict[str, Any]]:
    rows = parse_json(path.read_text(encoding="utf-8-sig"), str(path))
    if not isinstance(rows, list):
        raise ConfigError(f"{path} must hold a JSON list of rows, got {type(rows).__name__}.")
    for number, row in enumerate(rows, start=1):
        yield _object(row, path, number)


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{path} is not a readable parquet file ({error}).") from error


def parse_json(content: str, where: str) -> Any:
    """`content` parsed, or an error that says where it came from."""
    try:
        return json.loads(content)
    except ValueError as error:
        raise ConfigError(f"{where} is not JSON ({error}).") from error


def _object(row: Any, path: Path, number: int) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ConfigError(f"{path}, row {number} must be a JSON object, got {type(row).__name__}.")
    return row


def files_under(paths: Sequence[Path], *endings: str) -> list[Path]:
    """The files named, and those with such an ending in the folders named, by name.

    Raises:
        ConfigError: a path does not exist, or a folder has no such file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name.endswith(endings))
            if not inside:
                raise ConfigError(f"The folder {path} has no file that ends in {' or '.join(endings)}.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError(f"No file or folder {path}.")
    return found


def read_json(path: Path) -> Any:
    """The JSON of a whole file.

    Raises:
        ConfigError: it is not UTF-8, or not JSON.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text ({error}). Convert it.") from error
