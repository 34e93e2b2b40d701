"""Looks at the files of a model and tells its engine family: part of `compound.check`.

Reads folders and the local hub cache; uses no network and loads no weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from experts.config import VllmExpert
from experts.errors import CompoundError
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.model_files import check_weights, model_folder, read_model_config

_T = TypeVar("_T")

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json")
"""A model folder has at least one of them."""


@dataclass(frozen=True, slots=True)
class Family:
    """Experts that can follow one another in one engine, by reloading its weights in place."""

    id: str | None
    """Hash of the engine family; None: unknown until the model's config.json is here."""
    experts: tuple[str, ...]
    """Names in configuration order."""
    obstacle: str | None = None
    """Why these experts are not reloaded in place after all, each needing a new engine."""

    def __str__(self) -> str:
        names = ", ".join(self.experts)
        if self.id is None:
            return f"{names}: family unknown until its config.json is in the local cache"
        if self.obstacle:
            return f"{names}: family {self.id}; since {self.obstacle}, a new engine and no reload in place"
        if len(self.experts) == 1:
            return f"{names}: family {self.id}, shared with no other expert"
        return f"{names}: family {self.id}, reloaded in place"


@dataclass(frozen=True, slots=True)
class ModelFindings:
    """What was found of one model."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    """Content of config.json; None where it cannot be had."""


def look_at_model(expert: VllmExpert) -> ModelFindings:
    """Whether the model is there and whole, as far as files tell."""
    return _look_at_folder(expert) if expert.is_local else _look_at_cache(expert)


def group_by_family(models: Mapping[str, tuple[VllmExpert, ModelFindings]]) -> tuple[Family, ...]:
    """Experts by engine family, in configuration order.

    A hub model that is not in the cache is a family of its own, with an unknown id; a local model
    without a readable config.json is in none.
    """
    families: dict[str, Family] = {}
    for name, (expert, found) in models.items():
        if found.config is not None:
            id = engine_family(found.config, expert.engine)
            before = families[id].experts if id in families else ()
            families[id] = Family(id, (*before, name), reload_obstacle(found.config, expert.engine))
        elif not found.errors:
            families[f"unknown:{name}"] = Family(None, (name,))
    return tuple(families.values())


def _look_at_folder(expert: VllmExpert) -> ModelFindings:
    errors: list[str] = []
    folder = _collect(errors, lambda: model_folder(expert))
    if folder is None:
        return ModelFindings(tuple(errors))
    config = _collect(errors, lambda: read_model_config(folder))
    _collect(errors, lambda: check_weights(folder))
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        errors.append(f"{folder} holds no tokenizer ({', '.join(TOKENIZER_FILES)})")
    return ModelFindings(tuple(errors), config=config)


def _look_at_cache(expert: VllmExpert) -> ModelFindings:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(expert.model, "config.json", revision=expert.revision)
    except HFValidationError:
        return ModelFindings((f"{expert.model!r} is neither a hub id nor a folder; a folder begins with ./",))
    if not isinstance(found, str):
        missing = f"{expert.model} is not in the local hub cache; starting it will download it"
        return ModelFindings(warnings=(missing,))
    errors: list[str] = []
    config = _collect(errors, lambda: read_model_config(Path(found).parent))
    return ModelFindings(tuple(errors), config=config)


def _collect(errors: list[str], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except CompoundError as error:
        errors.append(str(error).rstrip("."))
        return None
