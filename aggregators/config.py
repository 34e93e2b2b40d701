"""The one union of all aggregators' configurations. Imports nothing heavy, builds nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.chosen.config import ChosenConfig
from aggregators.learned.config import LearnedFusionConfig
from aggregators.reading.config import (
    JudgeConfig,
    JudgeThenSynthesiseConfig,
    MixtureConfig,
    ModeratorConfig,
    NominalGroupConfig,
    SynthesisConfig,
)
from aggregators.stacked.config import AbstainConfig, OnAgreementConfig
from aggregators.votes.config import (
    BordaVoteConfig,
    ComplexityVoteConfig,
    MajorityVoteConfig,
    TopExpertConfig,
    WeightedVoteConfig,
)

AggregatorConfig = Annotated[
    MajorityVoteConfig
    | WeightedVoteConfig
    | BordaVoteConfig
    | ComplexityVoteConfig
    | TopExpertConfig
    | CertaintyVoteConfig
    | LearnedFusionConfig
    | SynthesisConfig
    | JudgeConfig
    | MixtureConfig
    | NominalGroupConfig
    | JudgeThenSynthesiseConfig
    | ModeratorConfig
    | OnAgreementConfig
    | AbstainConfig
    | ChosenConfig,
    Field(discriminator="kind"),
]

for _stacked in (OnAgreementConfig, AbstainConfig):
    _stacked.model_rebuild(_types_namespace={"AggregatorConfig": AggregatorConfig})
