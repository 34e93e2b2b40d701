"""The whole configuration of a system as one value, and how it is loaded from a YAML file.

The union of all parts is assembled here and nowhere else. Knows no implementation: it builds and
starts nothing, reads no environment and no file but the YAML; `compound.check` looks at the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from aggregators.config import AggregatorConfig
from compound.config_errors import explain
from compound.config_file import read_yaml
from compound.config_problems import DEFAULT_K, DEFAULT_QUORUM, counted, cross_problems
from compound.stopping_config import StoppingConfig
from experts.config import ExpertConfig, HostingConfig
from experts.errors import ConfigError
from experts.prompts import PromptConfig
from experts.relative_paths import anchor_paths
from routers.config import RouterConfig
from routers.policies.config import PolicyConfig, TopKPolicyConfig


class SystemConfig(BaseModel):
    """A pool of experts, how they are chosen, how their answers are fused, and where they run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experts: dict[str, ExpertConfig] = Field(min_length=1)
    """The pool that is routed to, by name; its order is the order of all results."""
    helpers: dict[str, ExpertConfig] = Field(default_factory=dict)
    """Experts that are never routed to, such as the annotator and the aggregator."""
    router: RouterConfig
    """Which experts are likely to be right."""
    policy: PolicyConfig = TopKPolicyConfig()
    """Whom of them to ask. Default: the k likeliest, or those that the router itself draws."""
    aggregator: AggregatorConfig
    """How the completions become one answer."""
    k: int = Field(default=DEFAULT_K, ge=1)
    """Experts asked per query, at most so many where the policy asks fewer; at most the size of the pool."""
    stopping: StoppingConfig | None = None
    """When fewer than the chosen experts are enough; None: all of them are asked at once."""
    quorum: int = Field(default=DEFAULT_QUORUM, ge=1)
    """Experts that must have answered a query, replacements included; with fewer it fails. At most `k`."""
    prompts: PromptConfig = PromptConfig()
    """How a question is put to the experts."""
    hosting: HostingConfig = HostingConfig()
    """Where and how vLLM experts run."""

    @model_validator(mode="after")
    def _check(self) -> SystemConfig:
        problems = cross_problems(dict(self))
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
            problems += cross_problems(_valid_parts(data))
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ConfigError(f"{path} has {counted(len(problems), 'error')}:{listed}") from error
    return anchor_paths(config, path.parent.resolve())


def default_config_path() -> Path:
    """The configuration of the miniature pool, which is shipped with the package."""
    return Path(__file__).resolve().parent / "pocket.yaml"


def _valid_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Those parts of a configuration that are valid by themselves; of experts the names."""
    parts: dict[str, Any] = {"k": None, "quorum": None}
    kinds: dict[str, Any] = {
        "router": RouterConfig,
        "policy": PolicyConfig,
        "aggregator": AggregatorConfig,
        "stopping": StoppingConfig | None,
        "prompts": PromptConfig,
        "k": int,
        "quorum": int,
    }
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
