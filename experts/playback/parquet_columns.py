"""Reads the columns of recorded outputs from a parquet file, and checks what stands in them.

Batch by batch, so that rows of models that nobody asked for never stay in memory. Does not know which row
is whose answer to what.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from experts.completion import FinishReason
from experts.errors import ConfigError

_IDS = ("query_id", "question_id")
_COUNTS = ("sample_index", "prompt_tokens", "completion_tokens")
_ROWS = 1 << 14
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Arrow arrays of equal length."""

    ids: Any
    """Query ids, strings or integers; no nulls."""
    text: Any
    """Strings; null only where the expert had failed."""
    model: Any | None
    """Dictionary-encoded names; None: the file has no such column."""
    finish_reason: Any | None
    """Strings; null stands for "stop"."""
    sample_index: Any | None
    """Integers from 0 on; null stands for 0."""
    prompt_tokens: Any | None
    """Integers from 0 on; null where they were not recorded."""
    completion_tokens: Any | None
    """Likewise."""


def read_columns(path: Path, models: Collection[str | None]) -> Columns:
    """The rows of some models.

    Args:
        path: of a parquet file with the columns `text`, `query_id` or `question_id`, and maybe `model`,
            `sample_index`, `finish_reason`, `prompt_tokens`, `completion_tokens`; others are not read.
        models: values of `model`; with None among them all rows are read.

    Raises:
        ConfigError: the file cannot be read, has no rows of a model, lacks a column, or holds a value that
            cannot be.
    """
    import pyarrow as pa

    try:
        table, ids = _read(path, models)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise ConfigError(
            f"Recorded outputs {path} cannot be read ({reason}); give a parquet file that is there and whole."
        ) from error
    names = table.column_names
    found = {name: table.column(name).combine_chunks() for name in names}
    columns = Columns(
        ids=found[ids],
        text=found["text"],
        model=found["model"].dictionary_encode() if "model" in names else None,
        finish_reason=found.get("finish_reason"),
        **{name: found.get(name) for name in _COUNTS},
    )
    _check(path, columns)
    return columns


def _read(path: Path, models: Collection[str | None]) -> tuple[Any, str]:
    """The table, and the name of its column of ids."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    named = sorted(model for model in models if model is not None)
    with path.open("rb") as raw, pq.ParquetFile(raw) as file:
        schema = file.schema_arrow
        ids = _required(path, schema.names, *_IDS)
        wanted = [ids, _required(path, schema.names, "text")]
        if named:
            _required(path, schema.names, "model")
        wanted += [name for name in ("model", "finish_reason", *_COUNTS) if name in schema.names]
        seen: set[str] = set()
        kept = []
        for batch in file.iter_batches(batch_size=_ROWS, columns=wanted):
            rows = pa.Table.from_batches([batch])
            if named:
                rows = rows.set_column(
                    rows.column_names.index("model"), "model", rows.column("model").cast(pa.string())
                )
                seen.update(rows.column("model").unique().to_pylist())
                if None not in models:
                    rows = rows.filter(pc.is_in(rows.column("model"), value_set=pa.array(named)))
            kept.append(rows)
    for model in named:
        if model not in seen:
            raise ConfigError(
                f"{path} has no output of {model!r}; {_known(model, seen)}. Give a value of its column model."
            )
    table = pa.concat_tables(kept) if kept else pa.table({name: [] for name in wanted})
    if not table.num_rows:
        raise ConfigError(f"Recorded outputs {path} have no rows; record some.")
    return table, ids


def _required(path: Path, names: Collection[str], *either: str) -> str:
    for name in either:
        if name in names:
            return name
    raise ConfigError(
        f"{path} has no column {' or '.join(either)}; it has {', '.join(names)}. Add it, or rename one."
    )


def _known(model: str, names: Collection[str]) -> str:
    known = sorted(name for name in names if name is not None)
    close = get_close_matches(model, known, n=3)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {', '.join(known)}"


def _check(path: Path, columns: Columns) -> None:
    """Refuse values that no recorded output can have."""
    import pyarrow as pa

    problem = _count_problem(columns) or _reason_problem(columns)
    if columns.ids.null_count:
        problem = f"{columns.ids.null_count} rows have no query id"
    elif not (pa.types.is_string(columns.text.type) or pa.types.is_large_string(columns.text.type)):
        problem = f"the column text holds {columns.text.type}, not strings"
    if problem:
        raise ConfigError(f"{path}: {problem}; repair or remove the rows.")


def _count_problem(columns: Columns) -> str | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in _COUNTS:
        column = getattr(columns, name)
        if column is None or pa.types.is_null(column.type):
            continue
        if not pa.types.is_integer(column.type):
            return f"the column {name} holds {column.type}, not integers"
        least = pc.min(column).as_py()
        if least is not None and least < 0:
            return f"the column {name} holds {least}, and counts begin at 0"
    return None


def _reason_problem(columns: Columns) -> str | None:
    """What is wrong with how answers ended, and with answers that are not there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    allowed, missing = get_args(FinishReason), columns.text.is_null()
    if columns.finish_reason is not None:
        unknown = {*columns.finish_reason.unique().to_pylist()} - {None, *allowed}
        if unknown:
            given = ", ".join(sorted(map(repr, unknown)))
            return f"the column finish_reason holds {given}, allowed are {', '.join(allowed)}"
        failed = pc.equal(columns.finish_reason.cast(pa.string()), "error")
        missing = pc.and_not(missing, pc.fill_null(failed, False))
    silent = missing.true_count
    return f"{silent} rows have no text although their expert did not fail" if silent else None
