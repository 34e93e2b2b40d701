"""How stopping early is written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from aggregators.config import AggregatorConfig
from aggregators.votes.config import WeightedVoteConfig


class WaveSettings(BaseModel):
    """Experts are asked in waves, in the order in which they were chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: int = Field(default=2, ge=1)
    """Experts that every query asks at once."""
    step: int = Field(default=1, ge=1)
    """Experts asked in each further wave, by the queries that go on."""


class PosteriorStoppingConfig(WaveSettings):
    """Stop once the leading answer is likely enough."""

    kind: Literal["posterior"]
    threshold: float = Field(default=0.9, ge=0.0, le=1.0)
    """Support of the leading answer, in [0, 1], at which no more experts are asked."""
    by: AggregatorConfig = WeightedVoteConfig()
    """The aggregator whose support counts, one that asks no expert. Default: the weighted vote, which is too
    sure of itself, and without a router's chances gives shares of votes; the support of a learned fusion is
    a calibrated probability. Where there is no support, the query goes on."""

    @field_validator("by")
    @classmethod
    def _asks_nobody(cls, by: AggregatorConfig) -> AggregatorConfig:
        if getattr(by, "expert", None) is not None or getattr(by, "experts", None):
            raise ValueError(
                f"must be an aggregator that asks no expert, such as weighted; {by.kind!r} asks one"
            )
        if by.kind == "top":
            raise ValueError("must be an aggregator that says how sure it is; 'top' never does")
        return by


class WorthStoppingConfig(WaveSettings):
    """Stop once the next expert is not worth its cost; after FrugalFoE's rule (arXiv 2310.01542)."""

    kind: Literal["worth"]
    value: float = Field(gt=0.0)
    """What a right answer is worth, in `unit`: with 20 calls an expert is asked where it raises the chance
    of a right answer by more than 1/20."""
    unit: Literal["calls", "usd"] = "calls"
    """`calls`: every expert costs 1. `usd`: its completion price times the tokens that the router expects;
    where the router does not say, the most tokens it may write."""
    ahead: int = Field(default=2, ge=1, le=4)
    """Experts looked ahead. With 1, a second expert is worth nothing: alone it never outvotes the first."""
    clip: float = Field(default=0.02, gt=0.0, lt=0.5)
    """Estimates are held within [clip, 1 - clip], as in the weighted vote."""
    open_options: int = Field(default=100, ge=2)
    """Number of answers that an open question is taken to have, as in the weighted vote."""


class GainStoppingConfig(WaveSettings):
    """Stop once a learned fusion expects too little from asking on; after FrugalFoE (arXiv 2310.01542)."""

    kind: Literal["gain"]
    path: Path
    """Folder that `compound train-aggregator` wrote, relative to the configuration file."""
    least: float = Field(default=0.006, ge=-1.0, le=1.0)
    """Expected gain in the chance of a right answer from up to three more experts below which no more are
    asked."""


StoppingConfig = Annotated[
    PosteriorStoppingConfig | WorthStoppingConfig | GainStoppingConfig, Field(discriminator="kind")
]
