"""Pydantic's validation errors in the words of a configuration file: key path, allowed, given.

Works on any pydantic model with unions told apart by `kind`; knows nothing of what the keys mean.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Location = Sequence[str | int]


def explain(model: type[BaseModel], error: ValidationError, data: Mapping[str, Any]) -> list[str]:
    """One line for everything that is wrong, `key.path: what is allowed, what was given`.

    Args:
        model: what `data` should have been.
        error: what pydantic said.
        data: the mapping as it was read.
    """
    lines: list[str] = []
    for item in error.errors(include_url=False):
        if not item["loc"]:  # a validator of the whole model: it says the path itself
            lines += item["msg"].removeprefix("Value error, ").splitlines()
            continue
        lines.append(f"{_key_path(item, data)}: {_sentence(model, item)}")
    return lines


def _sentence(model: type[BaseModel], item: ErrorDetails) -> str:
    kind, given, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return _unknown_key(str(item["loc"][-1]), _allowed(model, item["loc"][:-1]))
    if kind == "union_tag_not_found":
        return f"is required: one of {', '.join(_allowed(model, item['loc']))}"
    if kind == "union_tag_invalid":
        allowed = _allowed(model, item["loc"])
        return f"must be one of {', '.join(allowed)}, got {context['tag']!r}{_meant(context['tag'], allowed)}"
    if kind == "literal_error":
        return f"must be {context['expected']}, got {_short(given)}"
    if kind == "value_error":
        return item["msg"].removeprefix("Value error, ").rstrip(".")
    text = item["msg"][0].lower() + item["msg"][1:]
    return f"{text.replace('input should be', 'must be')}, got {_short(given)}"


def _key_path(item: ErrorDetails, data: Any) -> str:
    """The path as it is written in the file: pydantic's has the `kind` of each union in between."""
    path, here, tag_seen = "", data, False
    for step in item["loc"]:
        if isinstance(here, Mapping) and here.get("kind") == step and not tag_seen and path:
            tag_seen = True
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        tag_seen = False
    if item["type"] in ("union_tag_not_found", "union_tag_invalid"):
        path += ".kind"
    return path.removeprefix(".").removesuffix(".[key]")


def _unknown_key(key: str, allowed: list[str]) -> str:
    # The value is not repeated: somebody may have put a secret there.
    return f"unknown key{_meant(key, allowed)}; allowed are {', '.join(allowed)}"


def _meant(given: str, allowed: list[str]) -> str:
    close = get_close_matches(given, allowed, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _allowed(model: type[BaseModel], location: Location) -> list[str]:
    """The keys allowed at a location of pydantic's, or the kinds where it is a union."""
    here: Any = model
    for step in location:
        here = _step(here, step)
    members = _members(here)
    if len(members) > 1:
        return [tag for member in members for tag in _tags(member)]
    return sorted(members[0].model_fields) if members else []


def _step(annotation: Any, step: str | int) -> Any:
    """The type that stands one step further: a field, a value of a mapping, a member of a union."""
    members = _members(annotation)
    if len(members) > 1:
        return next((member for member in members if step in _tags(member)), None)
    if members:
        field = members[0].model_fields.get(str(step))
        return field.annotation if field else None
    arguments = typing.get_args(annotation)
    return arguments[-1] if arguments else None


def _members(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation allows; none where it is no model."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [member for argument in typing.get_args(annotation) for member in _members(argument)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def _tags(member: type[BaseModel]) -> tuple[str, ...]:
    field = member.model_fields.get("kind")
    return typing.get_args(field.annotation) if field else ()
