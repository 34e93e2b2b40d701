"""Which aggregators are compared on a live pool: all kinds that can be written for it without guessing.

A kind that needs an expert gets the reader; one that holds another aggregator gets the configured one;
one that reads candidates gets the layout of the configured prompt. What else a kind needs (such as the
file of a fitted one) must be given by the caller, and the kind is left out, with the reason, where it
is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from aggregators.build import build_aggregator
from aggregators.chosen.choice import TOP, VOTE
from aggregators.config import AggregatorConfig
from aggregators.votes.config import MajorityVoteConfig
from compound.config import SystemConfig
from experts.errors import ConfigError

_ONE: TypeAdapter[AggregatorConfig] = TypeAdapter(AggregatorConfig)
_NAMES = {"majority": VOTE, "top": TOP}
"""Names of rows that are not their kind."""
_TASKS = ("system", "choice_instruction", "open_instruction")
"""Fields of a prompt that tell the reader its task, which is another one for each kind."""
_CERTAINTY = "certainty"
_CHOSEN = "chosen"
"""Is made from the other rows."""


@dataclass(frozen=True)
class Lineup:
    """What is compared."""

    options: dict[str, AggregatorConfig]
    """Row -> aggregator; "vote" and "top" come first."""
    configured: str
    """Row of the system's own aggregator."""
    reader: str | None
    """The aggregating expert; None: the pool has none."""
    left_out: dict[str, str]
    """Kind -> why it has no row."""


def lineup(
    config: SystemConfig,
    *,
    reader: str | None = None,
    more: Mapping[str, AggregatorConfig] | None = None,
) -> Lineup:
    """All rows for a pool.

    Args:
        config: of the system.
        reader: the aggregating expert or helper; None: the one of the configured aggregator.
        more: further rows by name, such as a fitted aggregator; they win over equal names.

    Raises:
        ConfigError: the reader is not there.
    """
    own = config.aggregator
    reader = reader or next(iter(build_aggregator(own).experts), None)
    if reader is not None and reader not in config.all_experts:
        known = ", ".join(config.all_experts)
        raise ConfigError(f"The pool has no expert {reader!r} to read candidates; known are {known}.")
    found: dict[str, AggregatorConfig] = {}
    left_out: dict[str, str] = {}
    measured = any(expert.sampling.certainty for expert in config.experts.values())
    for kind in sorted(_kinds(), key=lambda kind: kind not in _NAMES):
        if kind == _CHOSEN != own.kind:
            continue
        written = own if kind == own.kind else _written(kind, own, reader)
        if kind == _CERTAINTY and not measured:
            written = "no expert of the pool has `sampling: {certainty: true}`"
        if isinstance(written, str):
            left_out[kind] = written
        else:
            found[_NAMES.get(kind, kind)] = written
    options = found | dict(more or {})
    configured = next(name for name, option in options.items() if option == own)
    return Lineup(options, configured, reader, left_out)


def _kinds() -> dict[str, type[Any]]:
    """Kind -> class of its configuration, as the union of all aggregators has them."""
    union = get_args(AggregatorConfig)[0]
    return {get_args(cls.model_fields["kind"].annotation)[0]: cls for cls in get_args(union)}


def _written(kind: str, own: AggregatorConfig, reader: str | None) -> AggregatorConfig | str:
    """The configuration of a kind, or why there is none."""
    fields = _kinds()[kind].model_fields
    given: dict[str, Any] = {"kind": kind}
    if "expert" in fields and fields["expert"].is_required():
        if reader is None:
            return "it needs an expert that reads the candidates: name one with --reader"
        given["expert"] = reader
    if "inner" in fields:
        # An aggregator that holds one is not put into another.
        given["inner"] = MajorityVoteConfig() if hasattr(own, "inner") else own
    prompt = getattr(own, "prompt", None)
    if "prompt" in fields and isinstance(prompt, BaseModel):
        given["prompt"] = _layout(prompt)
    try:
        return _ONE.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != kind)
        message = first["msg"].removeprefix("Value error, ")
        why = f"`{where}`: {message}" if where else message
    return f"it cannot be written without more ({why.rstrip('.')}): give it with --rows"


def _layout(prompt: BaseModel) -> dict[str, Any]:
    """What was configured of a prompt, without the sentences that say what to do with the candidates."""
    written = prompt.model_dump(exclude_unset=True)
    return {name: value for name, value in written.items() if name not in _TASKS or value == ""}
