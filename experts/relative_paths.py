"""Relative paths in what was read from a file, made absolute. Reads no file, knows no key but `model`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

_Model = TypeVar("_Model", bound=BaseModel)


def anchor_paths(model: _Model, folder: Path) -> _Model:
    """A copy in which relative paths are absolute: those of `folder` and below.

    Paths are the values of type `Path`, and `model` where the part says that it `is_local` (a
    folder and not a hub id). A leading `~` stands for the user's home.
    """
    changes: dict[str, Any] = {}
    for name, value in model:
        anchored = _anchored(value, folder)
        if anchored is not value:
            changes[name] = anchored
    if getattr(model, "is_local", False):
        changes["model"] = str(_anchored(Path(model.model), folder))  # type: ignore[attr-defined]
    return model.model_copy(update=changes) if changes else model


def _anchored(value: Any, folder: Path) -> Any:
    if isinstance(value, BaseModel):
        return anchor_paths(value, folder)
    if isinstance(value, Path):
        return Path(os.path.normpath(folder / value.expanduser()))
    if isinstance(value, dict):
        return {key: _anchored(item, folder) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_anchored(item, folder) for item in value)
    return value
