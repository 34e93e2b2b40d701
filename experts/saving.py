"""Fitted routers on disk: a folder with `router.json` for people and `state.skops` for arrays.

skops stores numpy arrays and scikit-learn estimators without pickle and refuses types that it does
not know, so that a router from elsewhere cannot run code. Knows no router.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from experts.errors import ConfigError

FORMAT_VERSION = 1
_HEADER, _STATE = "router.json", "state.skops"
_OURS = ("experts.encoders.lexical._content",)
"""Functions of ours that scikit-learn's estimators may hold."""


class Header(BaseModel):
    """What `router.json` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    kind: str
    """Kind of the router, such as "knn"."""
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


def save_router(folder: Path, header: Header, state: Mapping[str, Any]) -> None:
    """Write both files, the header last, so that a folder without one is not taken for a router.

    Raises:
        ConfigError: the folder cannot be written.
    """
    from skops.io import dump

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _HEADER).unlink(missing_ok=True)
        dump(dict(state), folder / _STATE)
        (folder / _HEADER).write_text(header.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The router cannot be written to {folder}: {error.strerror}.") from error


def load_header(folder: Path) -> Header:
    """What a folder holds, without reading its arrays.

    Raises:
        ConfigError: no router there, of another format, or made with another scikit-learn.
    """
    path = folder / _HEADER
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"No trained router at {folder} ({error}). Make one with `compound train`."
        ) from error
    if isinstance(raw, dict) and raw.get("format", FORMAT_VERSION) != FORMAT_VERSION:
        raise ConfigError(
            f"{path} has format {raw['format']!r}, this version reads {FORMAT_VERSION}: "
            "train the router again with `compound train`."
        )
    try:
        header = Header.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path} is not a router's header: {where}: {first['msg']}.") from error
    here = versions()["scikit-learn"]
    made = header.versions.get("scikit-learn", "unknown")
    if made.split(".")[:2] != here.split(".")[:2]:
        raise ConfigError(
            f"The router at {folder} was made with scikit-learn {made}, here is {here}, and its objects "
            "do not carry over: train it again with `compound train`."
        )
    return header


def load_state(folder: Path) -> dict[str, Any]:
    """The state that `save_router` wrote.

    Raises:
        ConfigError: it is missing, damaged, or holds objects of types that are not trusted.
    """
    from skops.io import get_untrusted_types, load

    path = folder / _STATE
    try:
        strange = sorted(set(get_untrusted_types(file=path)) - set(_OURS))
        if strange:
            raise ConfigError(
                f"{path} holds objects of types that a router has no need of ({', '.join(strange)}), and "
                "loading them could run code: it is not loaded."
            )
        state: dict[str, Any] = load(path, trusted=list(_OURS))
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{path} cannot be read ({error}): train the router again with `compound train`."
        ) from error
    return state
