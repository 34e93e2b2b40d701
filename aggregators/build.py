"""From configuration to aggregator: the only place that knows all of them."""

from __future__ import annotations

from aggregators.aggregator import Aggregator
from aggregators.config import AggregatorConfig
from aggregators.reading.config import JudgeConfig, SynthesisConfig
from aggregators.reading.judge import Judge
from aggregators.reading.synthesis import Synthesis
from aggregators.votes.config import MajorityVoteConfig, WeightedVoteConfig
from aggregators.votes.counting import MajorityVote, WeightedVote
from aggregators.votes.top import TopExpert


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
