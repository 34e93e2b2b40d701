"""All kinds of routers: those that a system is configured with, and those that are trained first.

Each kind's configuration stands beside its implementation; `routers.build` wires them. Imports nothing
heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from routers.embedded_kinds import EmbeddedKind
from routers.ensemble.config import EnsembleConfig
from routers.prompted.config import LlmRouterConfig
from routers.skills.config import SkillRouterConfig
from routers.transformer.config import TransformerConfig


class FixedRouterConfig(BaseModel):
    """The same experts for every query."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["fixed"]
    experts: tuple[str, ...] = ()
    """Best first; the rest of the pool follows in configuration order."""


class RandomRouterConfig(BaseModel):
    """Experts drawn uniformly without replacement, by the query's id: the baseline of chance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["random"]
    seed: int = 0


class BestSingleConfig(BaseModel):
    """The expert with the best mean, for every query: the baseline of no routing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["best_single"]


class TrainedRouterConfig(BaseModel):
    """A router that `compound train` made, of whatever kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["trained"]
    path: Path
    """Its folder, relative to the configuration file."""


RouterConfig = Annotated[
    SkillRouterConfig | FixedRouterConfig | RandomRouterConfig | TrainedRouterConfig,
    Field(discriminator="kind"),
]
"""What a system may be configured with."""

TrainableConfig = Annotated[
    EmbeddedKind
    | EnsembleConfig
    | TransformerConfig
    | LlmRouterConfig
    | SkillRouterConfig
    | BestSingleConfig,
    Field(discriminator="kind"),
]
"""What `compound train` makes a router of."""
