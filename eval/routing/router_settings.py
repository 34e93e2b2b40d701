"""The configuration of a router to be trained: a kind with its defaults, or a YAML file.

Fills in what the outcome table knows of its experts. Trains nothing.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from compound.config_errors import explain
from compound.config_file import read_yaml
from compound.config_problems import counted
from eval.routing.inputs import encoder_config
from experts.encoders.config import LexicalEncoderConfig
from experts.errors import ConfigError
from experts.relative_paths import anchor_paths
from routers.config import TrainableConfig
from routers.ensemble.config import DEFAULT_MEMBERS

if TYPE_CHECKING:
    from experts.outcome_table import OutcomeTable

_FILE_ENDINGS = (".yaml", ".yml")


class _RouterFile(BaseModel):
    """One router under the key of a system's configuration, so that errors read alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    router: TrainableConfig


def trainable_kinds() -> tuple[str, ...]:
    """The kinds that can be trained."""
    return tuple(_kinds_of(TrainableConfig))


def router_settings(given: str, encoder: str | None, table: OutcomeTable) -> TrainableConfig:
    """The configuration of a router.

    Args:
        given: a kind, or a YAML file that holds `kind` and its options, at the top or under `router`.
        encoder: "lexical", or a sentence-transformers model; None: as configured.
        table: whose facts stand for descriptions that a kind requires.

    Raises:
        ConfigError: no such kind or file, or something in it is wrong; all of it in one message.
    """
    if given.endswith(_FILE_ENDINGS):
        path = Path(given).expanduser()
        data = read_yaml(path)
        return anchor_paths(
            _validated(str(path), data.get("router", data), encoder, table), path.parent.resolve()
        )
    kinds = trainable_kinds()
    if given not in kinds:
        close = get_close_matches(given, kinds, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        raise ConfigError(
            f"There is no kind {given!r} of routers to train; kinds are {', '.join(kinds)}, and a name that "
            f"ends in .yaml is a file{hint}"
        )
    return _validated(f"A router of kind {given!r}", {"kind": given}, encoder, table)


def with_facts(settings: TrainableConfig, table: OutcomeTable) -> TrainableConfig:
    """Sizes and descriptions of the table's experts where a kind takes them and has none."""
    changes: dict[str, Any] = {}
    if getattr(settings, "parameters_b", None) == {}:
        sizes = {name: facts.parameters_b for name, facts in table.facts.items()}
        changes["parameters_b"] = {name: size for name, size in sizes.items() if size is not None}
    if getattr(settings, "descriptions", None) == {}:
        changes["descriptions"] = _descriptions(table)
    return settings.model_copy(update=changes) if changes else settings


def _validated(where: str, data: Any, encoder: str | None, table: OutcomeTable) -> TrainableConfig:
    if isinstance(data, dict):
        data = dict(data) if encoder is None else _with_encoder(data, encoder)
        # Required there, so they must be in before it is checked.
        if data.get("kind") == "descriptions" and not data.get("descriptions"):
            data["descriptions"] = _descriptions(table)
        if data.get("budget_b") is not None and not data.get("parameters_b"):
            data["parameters_b"] = {
                name: facts.parameters_b for name, facts in table.facts.items() if facts.parameters_b
            }
    whole = {"router": data}
    try:
        return _RouterFile.model_validate(whole).router
    except ValidationError as error:
        problems = explain(_RouterFile, error, whole)
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ConfigError(f"{where} has {counted(len(problems), 'error')}:{listed}") from error


def _with_encoder(data: dict[str, Any], name: str) -> dict[str, Any]:
    """A router's options with another encoder, wherever its kind has one."""
    settings = encoder_config(name)
    encoder = settings.model_dump()
    kind = data.get("kind")
    if kind == "ensemble":
        members = data.get("members") or [member.model_dump() for member in DEFAULT_MEMBERS]
        return {**data, "members": [{**member, "encoder": encoder} for member in members]}
    if kind == "skill":
        return {**data, "annotator": {"kind": "encoder", **data.get("annotator", {}), "encoder": encoder}}
    if kind == "transformer":
        return {**data, "model": name if isinstance(settings, LexicalEncoderConfig) else settings.model}
    return {**data, "encoder": encoder}


def _descriptions(table: OutcomeTable) -> dict[str, str]:
    return {name: facts.description for name, facts in table.facts.items() if facts.description.strip()}


def _kinds_of(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [str(kind) for kind in get_args(annotation.model_fields["kind"].annotation)]
    return [kind for part in get_args(annotation) for kind in _kinds_of(part)]
