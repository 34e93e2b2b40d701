"""The whole configuration of a system as one value, and how it is loaded from a YAML file.

The union of all parts is assembled here and nowhere else. Knows no implementation: it builds and
starts nothing, reads no environment and no file but the YAML; `compound.check` looks at the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from aggregators.config import AggregatorConfig
from compound.config_errors import explain
from compound.config_file import anchor_paths, read_yaml
from experts.config import ExpertConfig, HostingConfig
from experts.errors import ConfigError
from experts.prompts import PromptConfig
from routers.config import RouterConfig

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class SystemConfig(BaseModel):
    """A pool of experts, how they are chosen, how their answers are fused, and where they run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experts: dict[str, ExpertConfig] = Field(min_length=1)
    """The pool that is routed to, by name; its order is the order of all results."""
    helpers: dict[str, ExpertConfig] = Field(default_factory=dict)
    """Experts that are never routed to, such as the annotator and the aggregator."""
    router: RouterConfig
    """Which experts are likely to be right."""
    aggregator: AggregatorConfig
    """How the completions become one answer."""
    k: int = Field(default=3, ge=1)
    """Experts asked per query; at most the size of the pool."""
    quorum: int = Field(default=1, ge=1)
    """Experts that must have answered a query, replacements included; with fewer it fails. At most `k`."""
    prompts: PromptConfig = PromptConfig()
    """How a question is put to the experts."""
    hosting: HostingConfig = HostingConfig()
    """Where and how vLLM experts run."""

    @model_validator(mode="after")
    def _check(self) -> SystemConfig:
        problems = _cross_problems(dict(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def all_experts(self) -> dict[str, ExpertConfig]:
        """Experts and helpers by name, the pool first."""
        return {**self.experts, **self.helpers}


def load_config(path: str | Path) -> SystemConfig:
    """The configuration in a YAML file, with relative paths resolved against the file's folder.

    Raises:
        ConfigError: the file cannot be read, or anything in it is wrong; all of it in one message.
    """
    path = Path(path).expanduser()
    data = read_yaml(path)
    try:
        config = SystemConfig.model_validate(data)
    except ValidationError as error:
        problems = explain(SystemConfig, error, data)
        if any(item["loc"] for item in error.errors(include_input=False)):
            # The cross-checks did not run, since a part is invalid; run them on the valid parts.
            problems += _cross_problems(_valid_parts(data))
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ConfigError(f"{path} has {_count(len(problems), 'error')}:{listed}") from error
    return anchor_paths(config, path.parent.resolve())


def default_config_path() -> Path:
    """The configuration of the miniature pool, which is shipped with the package."""
    return Path(__file__).resolve().parent / "pocket.yaml"


def _cross_problems(parts: Mapping[str, Any]) -> list[str]:
    """What is wrong between the parts; parts that are missing are not looked at."""
    pool, helpers = list(parts.get("experts", ())), list(parts.get("helpers", ()))
    problems = [
        f"{part}.{name}: a name consists of letters, digits, '.', '_' and '-', got {name!r}"
        for part, names in (("experts", pool), ("helpers", helpers))
        for name in names
        if not _NAME.fullmatch(str(name))
    ]
    problems += [
        f"helpers.{name}: this name stands under `experts` too; give one of them another name"
        for name in helpers
        if name in pool
    ]
    k = parts.get("k", SystemConfig.model_fields["k"].default)
    if pool and k is not None and k > len(pool):
        problems.append(
            f"k: k={k} but the pool has {_count(len(pool), 'expert')}: {', '.join(pool)}; "
            f"give a k from 1 to {len(pool)}"
        )
    quorum = parts.get("quorum", SystemConfig.model_fields["quorum"].default)
    if k is not None and quorum is not None and quorum > k:
        problems.append(f"quorum: quorum={quorum} but only k={k} experts are asked; give 1 to {k}")
    if pool:
        for part in ("router", "aggregator"):
            problems += _unknown_references(parts.get(part), part, pool, helpers)
    return problems


def _unknown_references(part: Any, path: str, pool: list[str], helpers: list[str]) -> Iterator[str]:
    """Names of experts in a router's or aggregator's configuration that nothing stands for.

    By convention a field `expert` names one of experts and helpers, a field `experts` only some
    of the pool.
    """
    if not isinstance(part, BaseModel):
        return
    for field, value in part:
        here = f"{path}.{field}"
        if field == "expert" and isinstance(value, str):
            yield from _unknown(value, here, [*pool, *helpers])
        elif field == "experts" and isinstance(value, tuple):
            for name in value:
                yield from _unknown(name, here, pool)
        else:
            yield from _unknown_references(value, here, pool, helpers)


def _unknown(name: str, path: str, known: list[str]) -> Iterator[str]:
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        yield f"{path}: unknown expert {name!r}; {hint}known are {', '.join(known)}"


def _valid_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Those parts of a configuration that are valid by themselves; of experts the names."""
    parts: dict[str, Any] = {"k": None, "quorum": None}
    kinds: dict[str, Any] = {"router": RouterConfig, "aggregator": AggregatorConfig, "k": int, "quorum": int}
    for name in ("experts", "helpers"):
        if isinstance(data.get(name), Mapping):
            parts[name] = [str(key) for key in data[name]]
    for name, kind in kinds.items():
        if name in data:
            try:
                parts[name] = TypeAdapter[Any](kind).validate_python(data[name])
            except ValidationError:
                continue
    return parts


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
