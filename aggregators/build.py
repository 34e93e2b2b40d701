"""From configuration to aggregator: the only place that knows all of them."""

from __future__ import annotations

from aggregators.aggregator import Aggregator
from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.certainty.vote import CertaintyVote
from aggregators.chosen.chosen import Chosen
from aggregators.chosen.config import ChosenConfig
from aggregators.config import AggregatorConfig
from aggregators.equivalence.build import build_equivalence
from aggregators.reading.config import (
    JudgeConfig,
    JudgeThenSynthesiseConfig,
    MixtureConfig,
    ModeratorConfig,
    NominalGroupConfig,
    SynthesisConfig,
)
from aggregators.reading.judge import Judge
from aggregators.reading.judge_then_synthesise import JudgeThenSynthesise
from aggregators.reading.mixture import Mixture
from aggregators.reading.moderator import Moderator
from aggregators.reading.nominal_group import NominalGroup
from aggregators.reading.synthesis import Synthesis
from aggregators.stacked.abstain import Abstain
from aggregators.stacked.agreement import OnAgreement
from aggregators.stacked.config import AbstainConfig, OnAgreementConfig
from aggregators.votes.borda import BordaVote
from aggregators.votes.complexity import ComplexityVote
from aggregators.votes.config import (
    BordaVoteConfig,
    ComplexityVoteConfig,
    MajorityVoteConfig,
    WeightedVoteConfig,
)
from aggregators.votes.counting import MajorityVote, WeightedVote
from aggregators.votes.top import TopExpert


def build_aggregator(config: AggregatorConfig) -> Aggregator:
    """The aggregator that a configuration describes; starts nothing."""
    if isinstance(config, MajorityVoteConfig):
        return MajorityVote(config, build_equivalence(config.equivalence))
    if isinstance(config, WeightedVoteConfig):
        return WeightedVote(config, build_equivalence(config.equivalence))
    if isinstance(config, CertaintyVoteConfig):
        return CertaintyVote.from_config(config, build_equivalence(config.equivalence))
    if isinstance(config, BordaVoteConfig):
        return BordaVote(config, build_equivalence(config.equivalence))
    if isinstance(config, ComplexityVoteConfig):
        return ComplexityVote(config, build_equivalence(config.equivalence))
    if isinstance(config, SynthesisConfig):
        return Synthesis(config)
    if isinstance(config, JudgeConfig):
        return Judge(config)
    if isinstance(config, MixtureConfig):
        return Mixture(config)
    if isinstance(config, NominalGroupConfig):
        return NominalGroup(config)
    if isinstance(config, JudgeThenSynthesiseConfig):
        return JudgeThenSynthesise(config)
    if isinstance(config, ModeratorConfig):
        return Moderator(config)
    if isinstance(config, OnAgreementConfig):
        vote = MajorityVote(
            MajorityVoteConfig(equivalence=config.equivalence), build_equivalence(config.equivalence)
        )
        return OnAgreement(config, vote, build_aggregator(config.inner))
    if isinstance(config, AbstainConfig):
        return Abstain(config, build_aggregator(config.inner))
    if isinstance(config, ChosenConfig):
        return Chosen.from_config(config, build_aggregator)
    return TopExpert(config, build_equivalence(config.equivalence))
