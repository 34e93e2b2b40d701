"""From configuration to aggregator: the only place that knows all of them."""

from __future__ import annotations

from aggregators.aggregator import Aggregator
from aggregators.config import (
    AggregatorConfig,
    JudgeConfig,
    MajorityVoteConfig,
    SynthesisConfig,
    WeightedVoteConfig,
)
from aggregators.judge import Judge
from aggregators.synthesis import Synthesis
from aggregators.top import TopExpert
from aggregators.votes import MajorityVote, WeightedVote


def build_aggregator(config: AggregatorConfig) -> Aggregator:
    """The aggregator that a configuration describes; starts nothing."""
    if isinstance(config, MajorityVoteConfig):
        return MajorityVote(config)
    if isinstance(config, WeightedVoteConfig):
        return WeightedVote(config)
    if isinstance(config, SynthesisConfig):
        return Synthesis(config)
    if isinstance(config, JudgeConfig):
        return Judge(config)
    return TopExpert(config)
