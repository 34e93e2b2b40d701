"""From configuration to aggregator: the only place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aggregators.aggregator import Aggregator
from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.certainty.vote import CertaintyVote
from aggregators.chosen.chosen import Chosen
from aggregators.chosen.config import ChosenConfig
from aggregators.config import AggregatorConfig
from aggregators.equivalence.build import build_equivalence
from aggregators.equivalence.equivalence import Equivalence
from aggregators.learned.config import LearnedFusionConfig
from aggregators.learned.fusion_folder import load_fusion
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
    TopExpertConfig,
    VoteSettings,
    WeightedVoteConfig,
)
from aggregators.votes.counting import MajorityVote, WeightedVote
from aggregators.votes.top import TopExpert


def build_aggregator(config: AggregatorConfig) -> Aggregator:
    """The aggregator that a configuration describes; starts nothing.

    Raises:
        ConfigError: a file that it names cannot be read, or a package is missing.
    """
    build: Callable[[Any], Aggregator] = _BUILDERS[type(config)]
    return build(config)


def _on_agreement(config: OnAgreementConfig) -> Aggregator:
    vote = MajorityVoteConfig(equivalence=config.equivalence)
    return OnAgreement(config, MajorityVote(vote, _same(config)), build_aggregator(config.inner))


def _same(config: VoteSettings | OnAgreementConfig) -> Equivalence:
    return build_equivalence(config.equivalence)


_BUILDERS: dict[type, Callable[[Any], Aggregator]] = {
    MajorityVoteConfig: lambda c: MajorityVote(c, _same(c)),
    WeightedVoteConfig: lambda c: WeightedVote(c, _same(c)),
    BordaVoteConfig: lambda c: BordaVote(c, _same(c)),
    ComplexityVoteConfig: lambda c: ComplexityVote(c, _same(c)),
    TopExpertConfig: lambda c: TopExpert(c, _same(c)),
    CertaintyVoteConfig: lambda c: CertaintyVote.from_config(c, _same(c)),
    LearnedFusionConfig: lambda c: load_fusion(c.path.expanduser(), _same(c)),
    SynthesisConfig: Synthesis,
    JudgeConfig: Judge,
    MixtureConfig: Mixture,
    NominalGroupConfig: NominalGroup,
    JudgeThenSynthesiseConfig: JudgeThenSynthesise,
    ModeratorConfig: Moderator,
    OnAgreementConfig: _on_agreement,
    AbstainConfig: lambda c: Abstain(c, build_aggregator(c.inner)),
    ChosenConfig: lambda c: Chosen.from_config(c, build_aggregator),
}
"""By the class of the configuration; a test sees to it that no kind is missing."""
