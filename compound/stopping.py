"""When a query has asked enough experts: rules over the answers so far and who would be asked next.

Knows neither the pool nor waves, so that a rule can be tried on recorded outcomes as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aggregators.aggregator import Aggregator
from aggregators.ballots import read_ballots
from aggregators.build import build_aggregator
from aggregators.learned.fusion_folder import load_fusion
from aggregators.learned.learned import LearnedFusion
from compound.stopping_config import (
    GainStoppingConfig,
    PosteriorStoppingConfig,
    StoppingConfig,
    WorthStoppingConfig,
)
from compound.worth import Belief, no_answers, worth_of_asking
from experts.errors import ConfigError
from experts.verdict import Candidates

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class NextExpert:
    """One that would be asked next."""

    name: str
    cost: float
    """Of asking it, in the rule's unit."""


class StoppingRule(Protocol):
    """Decides for each query whether more experts are asked."""

    def reasons(
        self, items: Sequence[Candidates], following: Sequence[Sequence[NextExpert]]
    ) -> list[str | None]:
        """Why each query stops, in one sentence; None: it goes on.

        Args:
            items: queries with the answers so far and the estimates of all experts.
            following: who would be asked next, in order; at least one for every query.
        """
        ...


class PosteriorRule:
    """Stops where the support of the leading answer reaches a threshold."""

    def __init__(self, config: PosteriorStoppingConfig, by: Aggregator) -> None:
        """Store the configuration and the judging aggregator."""
        self.config, self.by = config, by

    def reasons(
        self, items: Sequence[Candidates], following: Sequence[Sequence[NextExpert]]
    ) -> list[str | None]:
        """See `StoppingRule.reasons`."""
        return [self._reason(verdict.support) for verdict in self.by.aggregate(items)]

    def _reason(self, support: float | None) -> str | None:
        if support is None or support < self.config.threshold - _ROUNDING:
            return None
        return f"the leading answer has support {support:.3f}, and {self.config.threshold:g} is enough"


class WorthRule:
    """Stops where the next experts are not worth their cost; without any estimates it never does."""

    def __init__(self, config: WorthStoppingConfig) -> None:
        """Store the configuration."""
        self.config = config

    def reasons(
        self, items: Sequence[Candidates], following: Sequence[Sequence[NextExpert]]
    ) -> list[str | None]:
        """See `StoppingRule.reasons`."""
        return [self._reason(item, after) for item, after in zip(items, following, strict=True)]

    def _reason(self, item: Candidates, following: Sequence[NextExpert]) -> str | None:
        chances = self._chances(item, [expert.name for expert in following])
        if not chances:
            return None
        belief = self._belief(item, chances)
        ahead = [(chances[expert.name], expert.cost) for expert in following[: self.config.ahead]]
        worth = worth_of_asking(belief, ahead, self.config.value)
        if worth > _ROUNDING:
            return None
        unit = "US dollars" if self.config.unit == "usd" else "calls"
        return (
            f"the leading answer is right with probability {belief.lead:.3f}, and asking {following[0].name} "
            f"is worth {abs(worth):.3g} {unit} less than stopping"
        )

    def _chances(self, item: Candidates, following: Sequence[str]) -> dict[str, float]:
        """Clipped chance of every expert that matters, the mean of all where unknown; empty without any."""
        known = {name: p for name, p in item.estimates.items() if math.isfinite(p)}
        if not known:
            return {}
        mean, clip = sum(known.values()) / len(known), self.config.clip
        names = dict.fromkeys([*(c.expert for c in item.completions), *following])
        return {name: min(max(known.get(name, mean), clip), 1.0 - clip) for name in names}

    def _belief(self, item: Candidates, chances: dict[str, float]) -> Belief:
        """Posterior of all options given the answers so far; unparsed ones say nothing."""
        belief = no_answers(len(item.query.choices) or self.config.open_options)
        places: dict[str, int] = {}
        for ballot in read_ballots(item):
            if ballot.key is not None:
                belief = belief.hearing(places.get(ballot.key), chances[ballot.completion.expert])
                belief = belief.normalised()
                places.setdefault(ballot.key, len(places))
        return belief


class GainRule:
    """Stops where a learned fusion expects too little from more experts; without an answer it goes on."""

    def __init__(self, least: float, fusion: LearnedFusion) -> None:
        """Store the least gain and the fusion."""
        self.least, self.fusion = least, fusion

    def reasons(
        self, items: Sequence[Candidates], following: Sequence[Sequence[NextExpert]]
    ) -> list[str | None]:
        """See `StoppingRule.reasons`."""
        return [self._reason(gain) for gain in self.fusion.gains(items)]

    def _reason(self, gain: float | None) -> str | None:
        if gain is None or gain >= self.least:
            return None
        return (
            f"asking on is expected to change the chance of a right answer by {gain:+.4f}, and "
            f"{self.least:+g} is the least that is worth it"
        )


def stopping_rule(config: StoppingConfig) -> StoppingRule:
    """The rule that a configuration describes.

    Raises:
        ConfigError: the judging aggregator asks experts, or it or the learned fusion cannot be read.
    """
    if isinstance(config, WorthStoppingConfig):
        return WorthRule(config)
    if isinstance(config, GainStoppingConfig):
        return GainRule(config.least, load_fusion(config.path.expanduser()))
    by = build_aggregator(config.by)
    if by.experts:
        raise ConfigError(
            f"stopping.by: must be an aggregator that asks no expert, such as weighted; {config.by.kind!r} "
            f"asks {', '.join(by.experts)}."
        )
    return PosteriorRule(config, by)
