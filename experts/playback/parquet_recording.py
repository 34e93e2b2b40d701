"""Recorded outputs of several experts in one parquet file, which is read once.

Texts stay in Arrow's memory and become strings when they are asked for. Knows nothing of how they were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from experts.errors import ConfigError
from experts.playback.parquet_columns import Columns, read_columns
from experts.playback.recording import RecordedAnswer, Recording


class ParquetRecordings:
    """The outputs in one file, of all models that are asked for."""

    def __init__(self, path: Path, models: Collection[str | None]) -> None:
        """Read the file.

        Args:
            path: see `read_columns`.
            models: values of the column `model`; None: it has no such column, or one value in it.

        Raises:
            ConfigError: see `read_columns`.
        """
        self._path = path
        self._columns = read_columns(path, models)
        with path.open("rb") as file:
            self._checksum = hashlib.file_digest(file, "sha256").hexdigest()

    def recording(self, model: str | None, prefix: str = "") -> Recording:
        """The outputs of one model.

        Args:
            model: value of the column `model`; None: all rows.
            prefix: put in front of every query id.

        Raises:
            ConfigError: there are several models and none is named, or a sample stands twice.
        """
        columns, rows = self._columns, self._rows_of(model)
        ids = columns.ids.take(rows).to_pylist()
        samples = [0] * len(ids)
        if columns.sample_index is not None:
            samples = [sample or 0 for sample in columns.sample_index.take(rows).to_pylist()]
        places: dict[tuple[str, int], int] = {}
        for query_id, sample, row in zip(ids, samples, rows.to_pylist(), strict=True):
            key = (f"{prefix}{query_id}", sample)
            if key in places:
                raise ConfigError(
                    f"{self._path} records query {query_id!r}, sample {sample}, twice"
                    f"{f' for {model}' if model else ''}; remove one, or number them in sample_index."
                )
            places[key] = row
        tokens = columns.completion_tokens
        return Recording(
            places,
            lambda row: _answer(columns, row),
            checksum=f"{self._checksum}:{model}" if model else self._checksum,
            tokens_known=tokens is not None and not tokens.take(rows).null_count,
        )

    def _rows_of(self, model: str | None) -> Any:
        """Numbers of rows, an Arrow array."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self._columns.model
        if model is not None and column is not None:
            return pc.indices_nonzero(pc.equal(column.indices, column.dictionary.index(model).as_py()))
        if column is not None and len(column.dictionary) > 1:
            raise ConfigError(
                f"{self._path} has outputs of {len(column.dictionary)} models; say which one with `model`, "
                f"such as {min(column.dictionary.to_pylist())}."
            )
        return pa.array(range(len(self._columns.ids)))


def _answer(columns: Columns, row: int) -> RecordedAnswer:
    return RecordedAnswer(
        text=columns.text[row].as_py() or "",
        finish_reason=_at(columns.finish_reason, row) or "stop",
        prompt_tokens=_at(columns.prompt_tokens, row),
        completion_tokens=_at(columns.completion_tokens, row),
    )


def _at(column: Any | None, row: int) -> Any:
    return None if column is None else column[row].as_py()
