"""The columns of an outcome table's file, opened and checked; `experts.outcome_file` describes them.

Checks what holds of each column alone: that it is there, its type, no nulls where none may be. What
columns say together is for `experts.outcome_reader`. Rows in messages count from 1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError
from experts.outcome_file import FORMAT_VERSION, KEY, MEASURES, QUESTION_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

_REPAIR = "Make one with `compound profile` or `compound import`."


def open_columns(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """The columns, all there and of their type, and the header.

    Raises:
        ConfigError: no such file, not parquet, not an outcome table of this format.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise ConfigError(f"No outcome table at {path}. {_REPAIR}")
    try:
        columns = pq.ParquetFile(path).read().unify_dictionaries()
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{path} is not a readable parquet file ({error}). {_REPAIR}") from error
    try:
        header = json.loads((columns.schema.metadata or {})[KEY])
        version, samples = header["format"], header["samples"]
        if version == FORMAT_VERSION:
            _ = [*header["experts"], *header["facts"].items(), range(samples)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{path} is parquet but not an outcome table: its metadata has no valid {KEY.decode()!r}. "
            "Import it with `compound import table` or `compound import outcomes`."
        ) from error
    if version != FORMAT_VERSION:
        raise ConfigError(f"{path} has format {version}, this version reads {FORMAT_VERSION}. {_REPAIR}")
    return _typed(path, columns), header


def _typed(path: Path, columns: pa.Table) -> pa.Table:
    import pyarrow.types as kinds

    def is_text(kind: pa.DataType) -> bool:
        kind = kind.value_type if kinds.is_dictionary(kind) else kind
        return bool(kinds.is_string(kind) or kinds.is_large_string(kind))

    expected = {name: (is_text, "text") for name in (*QUESTION_COLUMNS, "expert", "answer")}
    expected |= {name: (kinds.is_floating, "floating point") for name in MEASURES}
    expected["sample"] = (kinds.is_integer, "integer")
    for name, (fits, wanted) in expected.items():
        if name not in columns.column_names:
            raise ConfigError(f"{path} has no column {name!r}. {_REPAIR}")
        if not fits(columns.schema.field(name).type):
            raise ConfigError(
                f"{path}, column {name}: must be {wanted}, got {columns.schema.field(name).type}."
            )
        if columns[name].null_count and name not in ("expert", *MEASURES):
            row = int(np.flatnonzero(columns[name].is_null().to_numpy())[0]) + 1
            raise ConfigError(f"{path}, row {row}, column {name}: must not be null.")
    return columns


def codes(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]]:
    """Codes of a text column, -1 = null, and the texts in order of their first row."""
    import pyarrow as pa

    encoded = column.cast(pa.string()).dictionary_encode().combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()
