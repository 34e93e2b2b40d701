"""Values of foreign files as ours: numbers, options, texts; a wrong one is an error with its place.

Knows nothing of layouts: importers say which column is what.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from math import isfinite, isnan, nan
from pathlib import Path
from typing import Any

from experts.errors import ConfigError

CHARACTERS_PER_TOKEN = 4
"""For outputs whose tokens nobody counted; English prose is near it."""


def wrong(path: Path, row: int, column: str, problem: str) -> ConfigError:
    """The error of one value; `row` counts from 1."""
    return ConfigError(f"{path}, row {row}, column {column}: {problem}.")


def is_missing(value: Any) -> bool:
    """Whether a value is absent: None, "", NaN."""
    return value is None or value == "" or (isinstance(value, float) and isnan(value))


def text(value: Any) -> str:
    """A value as text; "" where it is absent. Whole floats lose their ".0", as ids often are read so."""
    if is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(value: Any, path: Path, row: int, column: str) -> float:
    """A value as a finite number; NaN where it is absent.

    Raises:
        ConfigError: it is something else.
    """
    if is_missing(value):
        return nan
    try:
        result = float(value)
    except (TypeError, ValueError):
        result = nan
    if not isfinite(result):
        raise wrong(path, row, column, f"must be a finite number or empty, got {value!r}")
    return result


_VERDICTS = {"true": 1.0, "false": 0.0, "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0}


def score(value: Any, path: Path, row: int, column: str) -> float:
    """A score in [0, 1]: a number, a truth value, or C / P / I / N (correct, partly, incorrect, no answer).

    Raises:
        ConfigError: it is something else; NaN where it is absent.
    """
    if isinstance(value, str) and value.strip().lower() in _VERDICTS:
        return _VERDICTS[value.strip().lower()]
    result = number(value, path, row, column)
    if not isnan(result) and not 0 <= result <= 1:
        raise wrong(path, row, column, f"a score must lie in [0, 1], got {value!r}")
    return result


def choices(value: Any, path: Path, row: int, column: str) -> tuple[str, ...]:
    """Options from a list, its JSON or Python text, or a mapping with "text" in the order of its labels.

    LLMRouter (ulab-uiuc/LLMRouter) writes {'text': [...], 'labels': [...]} as Python text.

    Raises:
        ConfigError: it is something else.
    """
    if isinstance(value, str) and value.strip():
        value = _literal(value)
    elif is_missing(value):
        return ()
    if isinstance(value, Mapping):
        labels = value.get("labels", value.get("label"))
        value = value.get("text")
        if isinstance(value, list) and isinstance(labels, list) and len(labels) == len(value):
            value = [option for _, option in sorted(zip(map(str, labels), value, strict=True))]
    if not isinstance(value, list | tuple):
        raise wrong(path, row, column, "options must be a list, or an object with a list 'text'")
    return tuple(text(option) for option in value)


def _literal(value: str) -> Any:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return None
