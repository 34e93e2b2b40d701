"""Another router, policy or aggregator for a single call, checked against the pool like a configuration."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from aggregators.config import AggregatorConfig
from compound.config import SystemConfig
from compound.config_errors import explain
from experts.errors import ConfigError
from routers.config import RouterConfig
from routers.policies.config import PolicyConfig


def overridden(
    config: SystemConfig,
    router: RouterConfig | str | None,
    aggregator: AggregatorConfig | str | None,
    policy: PolicyConfig | str | None = None,
) -> SystemConfig:
    """The configuration with other parts; a bare text is the name of a kind.

    Raises:
        ConfigError: a part is unknown, lacks something, or names an expert that is not there.
    """
    given: dict[str, Any] = {"router": router, "aggregator": aggregator, "policy": policy}
    changes = {
        part: {"kind": value} if isinstance(value, str) else value
        for part, value in given.items()
        if value is not None
    }
    if not changes:
        return config
    data = dict(config) | changes
    try:
        return SystemConfig.model_validate(data)
    except ValidationError as error:
        problems = "; ".join(explain(SystemConfig, error, data))
        parts = " and ".join(changes)
        raise ConfigError(f"This {parts} cannot be used: {problems.rstrip('.')}.") from error
