"""How votes are written in a configuration. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aggregators.equivalence.config import EquivalenceConfig, ExactEquivalenceConfig
from aggregators.settings import AggregatorSettings

VoteKind = Literal["majority", "weighted", "top"]


class VoteSettings(AggregatorSettings):
    """What all votes share."""

    equivalence: EquivalenceConfig = ExactEquivalenceConfig()
    """When two answers to an open question are the same; multiple choice compares letters."""


class MajorityVoteConfig(VoteSettings):
    """One completion, one vote."""

    kind: Literal["majority"] = "majority"


class WeightedVoteConfig(VoteSettings):
    """Votes weigh the log-odds of the router's estimates."""

    kind: Literal["weighted"] = "weighted"
    clip: float = Field(default=0.02, gt=0.0, lt=0.5)
    """Estimates are held within [clip, 1 - clip], so that no single vote is beyond appeal."""
    open_options: int = Field(default=100, ge=2)
    """Number of answers that an open question is taken to have: wrong ones scatter, so even a weak
    expert's vote counts for its answer."""


class BordaVoteConfig(VoteSettings):
    """The r-th of N experts that answered has (N - r + 1) ** power votes."""

    kind: Literal["borda"]
    by: Literal["estimates", "rank"] = "estimates"
    """What orders the experts: the router's estimates, highest first, or the order of the candidates."""
    power: float = Field(default=0.5, ge=0.0, le=10.0)
    """0: all experts have one vote. The higher, the more the first decide alone. The default is that of
    the authors' code (`backprop07/Self-Certainty`), who advise 0.3 for up to 16 samples."""


class ComplexityVoteConfig(VoteSettings):
    """Longer reasoning counts more."""

    kind: Literal["complexity"]
    longest: int | None = Field(default=None, ge=1)
    """Only so many completions vote, those with the most steps, one vote each. None: all vote, and a
    vote weighs its number of steps."""


class TopExpertConfig(VoteSettings):
    """The best-ranked expert that answered."""

    kind: Literal["top"] = "top"
