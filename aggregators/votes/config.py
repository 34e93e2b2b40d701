"""How votes are written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aggregators.settings import AggregatorSettings

VoteKind = Literal["majority", "weighted", "top"]


class MajorityVoteConfig(AggregatorSettings):
    """One completion, one vote."""

    kind: Literal["majority"] = "majority"


class WeightedVoteConfig(AggregatorSettings):
    """Votes weigh the log-odds of the router's estimates."""

    kind: Literal["weighted"] = "weighted"
    clip: float = Field(default=0.02, gt=0.0, lt=0.5)
    """Estimates are held within [clip, 1 - clip], so that no single vote is beyond appeal."""
    open_options: int = Field(default=100, ge=2)
    """Number of answers that an open question is taken to have: wrong ones scatter, so even a weak
    expert's vote counts for its answer."""


class TopExpertConfig(AggregatorSettings):
    """The best-ranked expert that answered."""

    kind: Literal["top"] = "top"
