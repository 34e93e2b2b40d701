"""Question files as rows of chosen columns. Knows no benchmark and no hub.

CSV and JSON are read by the importers' reader; parquet here, in batches and only the columns asked for,
since a file may carry hundreds of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eval.importers.rows import read_rows as read_flat_rows
from experts.errors import BenchmarkError, ConfigError

_SHOWN = 12
_BATCH = 1024


def columns_of(path: Path) -> tuple[str, ...]:
    """Names of a file's columns; of JSON those of its first row.

    Raises:
        BenchmarkError: it is not there, has an ending that no reader knows, cannot be read, or is empty.
    """
    if path.suffix.lower() == ".parquet" and path.is_file():
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return tuple(pq.read_schema(path).names)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path, error) from error
    try:
        first = next(read_flat_rows(path, {}), None)
    except (ConfigError, OSError) as error:
        raise BenchmarkError(str(error)) from error
    if first is None:
        raise BenchmarkError(f"{path} has no rows; fetch it again, or name another file.")
    return tuple(first)


def read_columns(path: Path, names: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Row numbers from 1, and the values of some columns.

    Raises:
        BenchmarkError: the file cannot be read, or a row is broken or lacks a column; names the row.
    """
    if path.suffix.lower() == ".parquet":
        yield from _parquet(path, names)
        return
    number = 0
    try:
        for number, row in enumerate(read_flat_rows(path, {}), start=1):
            missing = [name for name in names if name not in row]
            if missing:
                raise BenchmarkError(f"{path}, row {number}: there is no {missing[0]!r}.")
            yield number, {name: row[name] for name in names}
    except (ConfigError, OSError) as error:
        raise BenchmarkError(str(error)) from error


def _parquet(path: Path, names: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=list(names)):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error, number + 1) from error


def find_column(path: Path, there: Sequence[str], names: Sequence[str]) -> str:
    """The first of `names` that is there.

    Raises:
        BenchmarkError: none is; close names are offered.
    """
    found = first_there(there, names)
    if found is not None:
        return found
    close = get_close_matches(names[0], there, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    wanted = " or ".join(map(repr, names))
    raise BenchmarkError(f"{path} has no column {wanted}{meant}; it has {', '.join(there[:_SHOWN])}{more}.")


def first_there(there: Sequence[str], names: Sequence[str]) -> str | None:
    """The first of `names` that is there, or None."""
    return next((name for name in names if name in there), None)


def _unreadable(path: Path, error: Exception, row: int | None = None) -> BenchmarkError:
    where = f", at row {row} or behind it" if row is not None else ""
    reason = str(error).partition("\n")[0].rstrip(".")
    return BenchmarkError(f"{path} cannot be read as parquet{where} ({reason}); fetch it again.")
