"""What is known of an expert before it answers anything: its size and a description in words.

Read from a JSON file such as people keep beside their results. Knows nothing of how experts run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experts.errors import ConfigError

_ACTIVE = re.compile(r"(\d+(?:\.\d+)?)\s*B active", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertFacts:
    """Size and description of one expert.

    Raises:
        ConfigError: a size is not above zero.
    """

    parameters_b: float | None = None
    """Parameters that work on a token, in billions: the active ones of a mixture; None = unknown."""
    total_parameters_b: float | None = None
    """All parameters, in billions: what memory must hold; None = unknown."""
    description: str = ""
    """One line in words; "" = none."""

    def __post_init__(self) -> None:
        for name in ("parameters_b", "total_parameters_b"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ConfigError(f"ExpertFacts.{name} must be above 0 (billions) or None, got {value}.")


def load_expert_facts(path: Path) -> dict[str, ExpertFacts]:
    """Read facts from a JSON object: per expert `parameters_b`, `architecture`, `description`.

    All are optional, other keys are ignored. `parameters_b` counts all parameters, in billions; where
    `architecture` says "..., 10B active", that number is what works on a token. `total_parameters_b`,
    where given, makes `parameters_b` the active ones.

    Raises:
        ConfigError: no such file, not such JSON, a size that is not a number above zero.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON ({error}). Give a file of expert facts.") from error
    if not isinstance(raw, dict) or not all(isinstance(entry, dict) for entry in raw.values()):
        raise ConfigError(f"{path} must hold a JSON object with an object for each expert.")
    return {name: _facts(entry, f"{path}, expert {name!r}") for name, entry in raw.items()}


def _facts(entry: Mapping[str, Any], where: str) -> ExpertFacts:
    size = _size(entry, "parameters_b", where)
    total = _size(entry, "total_parameters_b", where)
    active = _ACTIVE.search(str(entry.get("architecture") or ""))
    if total is None:
        total = size
        size = float(active.group(1)) if active else size
    return ExpertFacts(
        parameters_b=size,
        total_parameters_b=total,
        description=str(entry.get("description") or ""),
    )


def _size(entry: Mapping[str, Any], name: str, where: str) -> float | None:
    value = entry.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ConfigError(f"{where}: {name} must be a number above 0 (billions) or null, got {value!r}.")
    return float(value)
