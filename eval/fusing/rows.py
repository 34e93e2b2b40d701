"""What is compared on recorded outcomes: votes and learned fusion, with and without stopping early.

Holds rules and their settings; fitting and choosing stand in `eval.fusing.bench`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from aggregators.config import AggregatorConfig
from aggregators.learned.learned import LearnedFusion
from aggregators.votes.config import (
    BordaVoteConfig,
    ComplexityVoteConfig,
    MajorityVoteConfig,
    TopExpertConfig,
    WeightedVoteConfig,
)
from compound.stopping import GainRule, PosteriorRule, StoppingRule, WorthRule
from compound.stopping_config import PosteriorStoppingConfig, WorthStoppingConfig

LEARNED = "learned"
TEXTS = "learned, with texts"
VOTES: Mapping[str, AggregatorConfig] = {
    "top": TopExpertConfig(),
    "majority": MajorityVoteConfig(),
    "weighted": WeightedVoteConfig(),
    "borda": BordaVoteConfig(kind="borda"),
    "complexity": ComplexityVoteConfig(kind="complexity"),
}
"""Aggregators that are not fitted. Recorded answers without texts tell no complexity."""

_GAINS = (0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.014, 0.02)
_THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_VALUES = (10.0, 15.0, 20.0, 30.0, 50.0, 100.0)


@dataclass(frozen=True, slots=True)
class Early:
    """One rule for stopping, with one setting."""

    name: str
    setting: str
    rule: StoppingRule
    first: int


def votes() -> dict[str, Aggregator]:
    """The aggregators that are not fitted, by name."""
    return {name: build_aggregator(config) for name, config in VOTES.items()}


def early_rules(fusion: LearnedFusion) -> dict[str, tuple[str, list[Early]]]:
    """Rules for stopping: row -> (aggregator that fuses, settings to choose from)."""
    weighted = WorthStoppingConfig(kind="worth", value=1.0)
    return {
        "learned, gain": (
            LEARNED,
            [
                Early("learned, gain", f"least {g:g}, first {f}", GainRule(g, fusion), f)
                for f in (1, 2)
                for g in _GAINS
            ],
        ),
        "learned, posterior": (
            LEARNED,
            [
                Early(
                    "learned, posterior",
                    f"threshold {t:g}",
                    PosteriorRule(PosteriorStoppingConfig(kind="posterior", threshold=t), fusion),
                    2,
                )
                for t in _THRESHOLDS
            ],
        ),
        "weighted, worth": (
            "weighted",
            [
                Early(
                    "weighted, worth",
                    f"value {v:g}",
                    WorthRule(weighted.model_copy(update={"value": v})),
                    2,
                )
                for v in _VALUES
            ],
        ),
    }
