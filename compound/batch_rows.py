"""The lines of a batch: which can be asked, and why the others cannot. Knows no system.

A line is an object with `question` (text) or `messages` (OpenAI layout), and if you like `id` and
`choices`; other keys are passed over unless they look like a slip of the pen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from compound.questions import check_text
from experts.errors import ConfigError, QueryError
from experts.query import Query

_KEYS = ("id", "question", "messages", "choices")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the input: a query, or why there is none."""

    line: int
    """Number of the line, from 1."""
    id: str | None
    query: Query | None
    error: str | None = None


def read_rows(path: Path) -> list[Row]:
    """All non-empty lines.

    Raises:
        ConfigError: the file cannot be read, is not text, or has no lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"There is no file {path}. Give a JSONL file with a question a line.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as UTF-8 text: {error}.") from error
    rows: list[Row] = []
    taken: dict[str, int] = {}
    # Not splitlines(): it would also cut at characters that JSON allows inside strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            row = _read_row(number, line)
            if row.query is not None and row.query.id in taken:
                problem = (
                    f"Line {number}: the id {row.query.id!r} was used in line {taken[row.query.id]} already."
                )
                row = Row(number, row.query.id, None, problem)
            elif row.query is not None:
                taken[row.query.id] = number
            rows.append(row)
    if not rows:
        raise ConfigError(f"{path} is empty. Give a JSONL file with a question a line.")
    return rows


def _read_row(number: int, line: str) -> Row:
    row_id: str | None = None
    try:
        data = json.loads(line)
        if not isinstance(data, Mapping):
            raise QueryError(f"expected an object with 'question', got {type(data).__name__}.")
        row_id = _to_id(data.get("id"), number)
        query = _to_query(data, row_id)
        check_text(query)
        return Row(number, row_id, query)
    except json.JSONDecodeError as error:
        return Row(
            number, None, None, f"Line {number} is not JSON: {error.msg} at character {error.pos + 1}."
        )
    except ValueError as error:  # such as an integer of thousands of digits
        return Row(number, None, None, f"Line {number} cannot be read: {error}")
    except RecursionError:
        return Row(number, None, None, f"Line {number} is nested too deeply.")
    except QueryError as error:
        return Row(number, row_id, None, f"Line {number}: {error}")


def _to_id(given: Any, number: int) -> str:
    if given is None:
        return f"line-{number}"
    if not isinstance(given, str | int) or isinstance(given, bool):
        raise QueryError(f"'id' must be a text or a whole number, got {given!r}.")
    return str(given)


def _to_query(data: Mapping[str, Any], row_id: str) -> Query:
    for key in data:
        meant = get_close_matches(key, _KEYS, n=1, cutoff=0.75)
        if key not in _KEYS and meant:
            raise QueryError(f"unknown key {key!r}; did you mean {meant[0]!r}?")
    choices = () if data.get("choices") is None else data["choices"]
    if not isinstance(choices, Sequence) or isinstance(choices, str):
        raise QueryError(f"'choices' must be a list of texts, got {choices!r}.")
    if ("question" in data) == ("messages" in data):
        raise QueryError(f"give either 'question' or 'messages'; the keys are {', '.join(data) or 'none'}.")
    if "messages" in data:
        if not isinstance(data["messages"], list):
            raise QueryError("'messages' must be a list of objects with 'role' and 'content'.")
        return Query.from_messages(data["messages"], id=row_id, choices=choices)
    if not isinstance(data["question"], str):
        raise QueryError(f"'question' must be text, got {type(data['question']).__name__}.")
    return Query.from_text(data["question"], id=row_id, choices=choices)
