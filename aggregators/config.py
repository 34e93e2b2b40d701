"""The one union of all aggregators' configurations. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aggregators.reading.config import JudgeConfig, SynthesisConfig
from aggregators.votes.config import MajorityVoteConfig, TopExpertConfig, WeightedVoteConfig

AggregatorConfig = Annotated[
    MajorityVoteConfig | WeightedVoteConfig | TopExpertConfig | SynthesisConfig | JudgeConfig,
    Field(discriminator="kind"),
]
