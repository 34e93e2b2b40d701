"""Reading the file of an outcome table; `experts.outcome_file` describes and writes it.

Every column is read and checked as a whole: files have hundreds of thousands of rows. Rows in messages
count from 1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError, QueryError
from experts.expert_facts import ExpertFacts
from experts.outcome_columns import codes, open_columns
from experts.outcome_file import MEASURES, QUESTION_COLUMNS
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query

if TYPE_CHECKING:
    import pyarrow as pa

    from experts.outcome_table import OutcomeTable


def read_table(path: Path) -> OutcomeTable:
    """Read what `write_table` wrote; see `OutcomeTable.load`."""
    from experts.outcome_table import OutcomeTable

    columns, header = open_columns(path)
    question, first = _questions(columns)
    cell, asked = _cells(path, columns, header, question)
    shape = (len(first), len(header["experts"]), header["samples"])
    cubes = {name: _cube(path, columns, name, shape, cell, asked) for name in MEASURES}
    queries, subjects, splits = _describe(path, columns, first)
    try:
        return OutcomeTable(
            queries=queries,
            splits=splits,
            outcomes=OutcomeMatrix(
                question_ids=tuple(query.id for query in queries),
                experts=tuple(header["experts"]),
                answer=_answers(columns, shape, cell, asked),
                subjects=subjects if any(subjects) else (),
                **cubes,
            ),
            facts={name: ExpertFacts(**facts) for name, facts in header["facts"].items()},
        )
    except (ConfigError, TypeError) as error:
        raise ConfigError(f"{path} is not a valid outcome table: {error}") from error


def _questions(columns: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of the question of every row, and the first row of every question."""
    numbers, _ = codes(columns["question_id"])
    _, first = np.unique(numbers, return_index=True)
    return numbers, first.astype(np.int64)


def _cells(
    path: Path, columns: pa.Table, header: dict[str, Any], question: NDArray[np.int64]
) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.bool_]]:
    """Question, expert and sample of the rows of somebody asked, and which rows these are."""
    numbers, names = codes(columns["expert"])
    place = {name: j for j, name in enumerate(header["experts"])}
    strangers = [name for name in names if name not in place]
    if strangers:
        row = int(np.flatnonzero(numbers == names.index(strangers[0]))[0]) + 1
        raise ConfigError(
            f"{path}, row {row}, column expert: {strangers[0]!r} is not among the experts of the metadata."
        )
    asked = numbers >= 0
    expert = np.array([place[name] for name in names], dtype=np.int64)[numbers[asked]]
    sample = columns["sample"].to_numpy().astype(np.int64)[asked]
    rows = np.flatnonzero(asked) + 1
    outside = np.flatnonzero((sample < 0) | (sample >= header["samples"]))
    if outside.size:
        raise ConfigError(
            f"{path}, row {rows[outside[0]]}, column sample: must be from 0 to {header['samples'] - 1}, "
            f"got {sample[outside[0]]}."
        )
    flat = (question[asked] * len(place) + expert) * header["samples"] + sample
    _, first = np.unique(flat, return_index=True)
    if first.size != flat.size:
        repeated = np.setdiff1d(np.arange(flat.size), first)[0]
        raise ConfigError(
            f"{path}, row {rows[repeated]}, column sample: question, expert and sample repeat an earlier row."
        )
    return (question[asked], expert, sample), asked


def _cube(
    path: Path,
    columns: pa.Table,
    name: str,
    shape: tuple[int, ...],
    cell: tuple[NDArray[np.int64], ...],
    asked: NDArray[np.bool_],
) -> NDArray[np.float64]:
    values = columns[name].to_numpy().astype(np.float64)
    wrong = np.flatnonzero((values < 0) | (values > 1)) if name == "score" else np.array([], dtype=int)
    if wrong.size:
        raise ConfigError(
            f"{path}, row {wrong[0] + 1}, column score: must lie in [0, 1], got {values[wrong[0]]}."
        )
    cube = np.full(shape, np.nan)
    cube[cell] = values[asked]
    return cube


def _answers(
    columns: pa.Table,
    shape: tuple[int, ...],
    cell: tuple[NDArray[np.int64], ...],
    asked: NDArray[np.bool_],
) -> NDArray[np.str_]:
    numbers, texts = codes(columns["answer"])
    known = np.array([*texts, ""], dtype=np.str_)
    cube = np.full(shape, "", dtype=known.dtype)
    cube[cell] = known[numbers[asked]]
    return cube


def _describe(
    path: Path, columns: pa.Table, first: NDArray[np.int64]
) -> tuple[tuple[Query, ...], tuple[str, ...], tuple[str, ...]]:
    """Queries, subjects and splits, each (n)."""
    texts = columns.select(list(QUESTION_COLUMNS)).take(first).to_pylist()
    queries = []
    for row, text in zip(first, texts, strict=True):
        try:
            earlier = [Message(*turn) for turn in json.loads(text["earlier"] or "[]")]
            queries.append(
                Query(
                    id=text["question_id"],
                    messages=(*earlier, Message("user", text["question"])),
                    choices=tuple(json.loads(text["choices"] or "[]")),
                )
            )
        except (QueryError, TypeError, ValueError) as error:
            raise ConfigError(f"{path}, row {row + 1}: the question cannot be read ({error}).") from error
    return tuple(queries), tuple(t["subject"] for t in texts), tuple(t["split"] for t in texts)
