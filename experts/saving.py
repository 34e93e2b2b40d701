"""What was fitted, on disk: a folder with `router.json` or the like for people, `state.skops` for arrays.

skops stores numpy arrays and scikit-learn estimators without pickle and refuses types that it does
not know, so that a router from elsewhere cannot run code. Knows no router and no aggregator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from experts.errors import ConfigError

FORMAT_VERSION = 1
_STATE = "state.skops"
What = Literal["router", "aggregator", "encoder"]
_MADE_BY = {
    "router": "compound train",
    "aggregator": "compound train-aggregator",
    "encoder": "compound train",
}
_OURS = ("experts.encoders.lexical._content",)
"""Functions of ours that scikit-learn's estimators may hold."""


class Header(BaseModel):
    """What the file for people says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    kind: str
    """Such as "knn"."""
    config: dict[str, JsonValue]
    """Its configuration."""
    experts: tuple[str, ...]
    questions: int
    """How many it was fitted on."""
    versions: dict[str, str]
    """Of the packages whose objects the state holds."""


def versions() -> dict[str, str]:
    """Versions of what a state depends on."""
    return {name: version(name) for name in ("numpy", "scikit-learn", "skops")}


def save_fitted(folder: Path, header: Header, state: Mapping[str, Any], what: What = "router") -> None:
    """Write both files, the header last, so that a folder without one is not taken for a router.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from skops.io import dump

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{what}.json").unlink(missing_ok=True)
        dump(dict(state), folder / _STATE)
        (folder / f"{what}.json").write_text(header.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The {what} cannot be written to {folder}: {error.strerror}.") from error


def load_header(folder: Path, what: What = "router") -> Header:
    """What a folder holds, without reading its arrays.

    Raises:
        ConfigError: nothing there, of another format, or made with another scikit-learn.
    """
    path = folder / f"{what}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"No trained {what} at {folder} ({error}). Make one with `{_MADE_BY[what]}`."
        ) from error
    if isinstance(raw, dict) and raw.get("format", FORMAT_VERSION) != FORMAT_VERSION:
        raise ConfigError(
            f"{path} has format {raw['format']!r}, this version reads {FORMAT_VERSION}: "
            f"train the {what} again with `{_MADE_BY[what]}`."
        )
    try:
        header = Header.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path} is not the header of a trained {what}: {where}: {first['msg']}."
        ) from error
    here = versions()["scikit-learn"]
    made = header.versions.get("scikit-learn", "unknown")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise ConfigError(
            f"The {what} at {folder} was made with scikit-learn {made}, here is {here}, and its objects "
            f"do not carry over: train it again with `{_MADE_BY[what]}`."
        )
    return header


def load_state(folder: Path, what: What = "router") -> dict[str, Any]:
    """The state that `save_fitted` wrote.

    Raises:
        ConfigError: it is missing, damaged, or holds objects of types that are not trusted.
    """
    from skops.io import get_untrusted_types, load

    path = folder / _STATE
    try:
        strange = sorted(set(get_untrusted_types(file=path)) - set(_OURS))
        if strange:
            raise ConfigError(
                f"{path} holds objects of types that it has no need of ({', '.join(strange)}), and "
                "loading them could run code: it is not loaded."
            )
        state: dict[str, Any] = load(path, trusted=list(_OURS))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{path} cannot be read ({error}): train the {what} again with `{_MADE_BY[what]}`."
        ) from error
    return state
