"""Routers that learn nothing: always the same experts, or experts by chance.

Every report sets a learned router beside them. They know the pool and read neither queries nor
outcomes; `bind` gives them the pool where there is nothing to fit.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np

from experts.engine import Generate
from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.ranking import query_rng
from routers.router import BestFirst, Estimate, aligned_scores, fitted_experts


class _PoolRouter(BestFirst):
    """What the baselines share: a pool, and the k best by estimate."""

    kind = ""

    experts_: tuple[str, ...]

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Take the pool of `outcomes`; see `Router.fit`."""
        aligned_scores(queries, outcomes)
        return self.bind(outcomes.experts)

    def bind(self, experts: Sequence[str]) -> Self:
        """Take a pool, in configuration order, without outcomes."""
        self.experts_ = tuple(experts)
        return self

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """Scores without a unit; see `Router.estimate`."""
        experts = fitted_experts(self, self.kind)
        return [self._estimate(query, experts) for query in queries]

    @abstractmethod
    def _estimate(self, query: Query, experts: tuple[str, ...]) -> Estimate:
        """Estimate of one query."""


class FixedRouter(_PoolRouter):
    """The same experts for every query, in the order given, then the rest of the pool.

    Args:
        experts: names, best first; empty: the pool in configuration order.
    """

    kind = "fixed"

    def __init__(self, experts: Sequence[str] = ()) -> None:
        self.experts = experts

    def bind(self, experts: Sequence[str]) -> Self:
        """Take a pool.

        Raises:
            ConfigError: an expert named in the constructor is not in it, or is named twice.
        """
        unknown = [name for name in self.experts if name not in experts]
        if unknown or len(set(self.experts)) != len(self.experts):
            raise ConfigError(
                f"The fixed router's experts must be distinct and in the pool {list(experts)}, "
                f"got {list(self.experts)}."
            )
        return super().bind(experts)

    def _estimate(self, query: Query, experts: tuple[str, ...]) -> Estimate:
        rest = [name for name in experts if name not in self.experts]
        place = {name: i for i, name in enumerate([*self.experts, *rest])}
        values = np.array([len(experts) - place[name] for name in experts], dtype=np.float64)
        return Estimate(values=values, calibrated=False, reasons=("The order of experts is fixed.",))


class RandomRouter(_PoolRouter):
    """Experts uniformly at random without replacement; the same query id gets the same ones.

    Args:
        seed: of the draws.
    """

    kind = "random"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def _estimate(self, query: Query, experts: tuple[str, ...]) -> Estimate:
        values = query_rng(self.seed, query.id).random(len(experts))
        return Estimate(values=values, calibrated=False, reasons=("The experts were drawn at random.",))
