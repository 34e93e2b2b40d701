"""What decides figures and was set differently in two runs, with both values. Knows no row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from eval.runs.manifest import Manifest

_LONGEST = 48


def setting_changes(first: Manifest, second: Manifest) -> tuple[tuple[str, Any, Any], ...]:
    """Dotted name, value in the first, value in the second; see `Manifest.differences`."""
    mine, theirs = (m.model_dump(mode="json") for m in (first, second))
    return tuple((name, _at(mine, name), _at(theirs, name)) for name in first.differences(second))


def _at(value: Any, name: str) -> Any:
    """The value under a dotted name; keys, such as names of experts, may have dots themselves."""
    if not name:
        return value
    if isinstance(value, Mapping):
        for key in sorted(value, key=len, reverse=True):
            if name == key:
                return value[key]
            if name.startswith(f"{key}."):
                return _at(value[key], name[len(key) + 1 :])
    return None


def shown(value: Any) -> str:
    """A setting in at most 48 characters; one that is not there as "-"."""
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
