"""Configurations of selection policies, as one type. Imports nothing heavy.

A policy sees estimates and costs, never a router. `guard` and `fallback` change what the policy
inside them sees, so that they compose with every other and a budget holds inside them too.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator


class TopKPolicyConfig(BaseModel):
    """The k experts with the highest chances."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["top_k"] = "top_k"


class ThresholdPolicyConfig(BaseModel):
    """The fewest experts whose vote is right with enough certainty; the caller's k is not used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["threshold"]
    chance: float = Field(default=0.7, ge=0, le=1)
    """Estimated chance that the fused answer is right. Where no number of experts reaches it, the number
    with the highest estimate is taken, the smallest of equals."""
    max_experts: int = Field(default=5, ge=1, le=8)
    """Most experts per query."""


class Limits(BaseModel):
    """Amounts that are not exceeded; None = no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: PositiveFloat | None = None
    """Expected completion tokens, summed over experts."""
    seconds: PositiveFloat | None = None
    """Expected seconds of generation, summed: experts that share an accelerator run one after another."""
    usd: PositiveFloat | None = None
    """Expected price in US dollars, summed."""
    memory_gib: PositiveFloat | None = None
    """GiB of all distinct experts asked, together: they are resident at once."""


class BudgetPolicyConfig(BaseModel):
    """The best choice of at most k experts a query within limits; after MoE^2 (arXiv 2501.09410)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["budget"]
    per_query: Limits = Limits()
    """What the experts of one query may need."""
    per_batch: Limits = Limits()
    """What all queries given at once may need together."""

    @model_validator(mode="after")
    def _some_limit(self) -> BudgetPolicyConfig:
        if self.per_query == Limits() and self.per_batch == Limits():
            raise ValueError(
                "a budget needs a limit: set tokens, seconds, usd or memory_gib under per_query or per_batch"
            )
        return self


class DiversePolicyConfig(BaseModel):
    """The k experts, one after another, that add most to the vote: good ones that err apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["diverse"]


class RepeatPolicyConfig(BaseModel):
    """The best expert alone, k times: its samples vote (self-consistency, arXiv 2203.11171).

    Its temperature must be above 0, or the prompts must give every sample an approach of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["repeat"]


class GuardPolicyConfig(BaseModel):
    """Another expert than the overall best comes first only with a clear advantage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["guard"]
    margin: float = Field(default=0.05, ge=0, le=1)
    """Advantage in estimated chance up to which the overall best expert is kept first. The default is the
    least margin with no loss on validation in each of three pools on MMLU-Pro (k-NN chances);
    `routers.policies.guard.tune_margin` finds the margin of a pool on its own validation questions."""
    inner: PolicyConfig = TopKPolicyConfig()
    """The policy that chooses from the guarded chances."""


class FallbackPolicyConfig(BaseModel):
    """Queries unlike all that the router was fitted on go by overall accuracy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["fallback"]
    quantile: float = Field(default=0.99, ge=0, le=1)
    """Novelty above which a query is out of distribution."""
    expert: str | None = None
    """The generalist that comes first then. Default: the expert with the best overall accuracy."""
    inner: PolicyConfig = TopKPolicyConfig()
    """The policy that chooses, for these queries from overall accuracies."""


PolicyConfig = Annotated[
    TopKPolicyConfig
    | ThresholdPolicyConfig
    | BudgetPolicyConfig
    | DiversePolicyConfig
    | RepeatPolicyConfig
    | GuardPolicyConfig
    | FallbackPolicyConfig,
    Field(discriminator="kind"),
]

GuardPolicyConfig.model_rebuild()
FallbackPolicyConfig.model_rebuild()
