"""The contract of every router, and the checks and the step from estimates to decisions they share.

Routers read query text and past outcomes. They never call an expert to answer, and never see a gold
answer; one that needs an LLM gets the `generate` port. All is synchronous: the system calls it
outside the event loop.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from experts.decision import RoutingDecision
from experts.engine import Generate
from experts.errors import RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.ranking import ranking


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """What a router thinks of every expert for one query; policies turn it into a decision."""

    values: NDArray[np.float64]
    """(m,) in the order of the router's experts, higher is better, all finite."""
    calibrated: bool
    """Whether `values` are probabilities of a right answer; else scores without a unit."""
    reasons: tuple[str, ...] = ()
    """Sentences for people."""
    tokens: NDArray[np.float64] | None = None
    """(m,) expected completion tokens of each expert, NaN = unknown; None: the router does not say."""
    novelty: float = math.nan
    """Share of the questions that the router was fitted on that were less unlike the others than this
    one, in [0, 1]: near 1 = out of distribution. NaN: the router does not say."""


class Router(Protocol):
    """Estimates how likely each expert is to answer right, and chooses k of them.

    As scikit-learn's estimators: the constructor only stores, `fit` sets attributes ending in `_`
    (among them `experts_`, the pool in configuration order). Lists in, lists out, in order.
    """

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Learn from outcomes; NaN is "not run", never wrong.

        Args:
            queries: their ids are `outcomes.question_ids`, in any order.
            outcomes: defines the pool, `experts_`.
            generate: the port to LLMs, for routers that need one.

        Raises:
            RouterError: ids differ, nothing was run, or `generate` is needed and missing.
        """
        ...

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """One estimate per query.

        Raises:
            RouterNotFittedError: before `fit`.
            RouterError: `generate` is needed and missing.
        """
        ...

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        """The policy alone, so that k can be swept over estimates that were made once.

        Raises:
            RouterNotFittedError: before `fit`.
            RouterError: k is not between 1 and the size of the pool.
        """
        ...

    def route(
        self, queries: Sequence[Query], k: int, *, generate: Generate | None = None
    ) -> list[RoutingDecision]:
        """`estimate`, then `decide`; the same errors, a bad k before anything is spent."""
        ...


_TRAIN = "run `compound train` and name its folder under `router: path:`"
_FIXES = {
    "skill": "run `compound profile` and name its file under `router: profiles:`",
    "fixed": "call bind(experts)",
    "random": "call bind(experts)",
}
"""How routers get their pool that are not made by `compound train`."""


def fitted_experts(router: object, kind: str) -> tuple[str, ...]:
    """The pool of a fitted router.

    Raises:
        RouterNotFittedError: it has none yet.
    """
    experts: tuple[str, ...] | None = getattr(router, "experts_", None)
    if experts is None:
        fix = _FIXES.get(kind, _TRAIN)
        raise RouterNotFittedError(
            f"The {kind!r} router is not fitted: {fix}, or call fit(queries, outcomes)."
        )
    return experts


def check_k(k: int, pool: int) -> None:
    """Raise `RouterError` unless 1 <= k <= pool."""
    if not 1 <= k <= pool:
        raise RouterError(f"k must be between 1 and {pool}, the number of experts in the pool, got {k}.")


def aligned_scores(queries: Sequence[Query], outcomes: OutcomeMatrix) -> NDArray[np.float64]:
    """Mean scores (n, m) in the order of `queries`, NaN = not run; errors as `aligned`."""
    return aligned(queries, outcomes).mean_score()


def aligned(queries: Sequence[Query], outcomes: OutcomeMatrix) -> OutcomeMatrix:
    """The outcomes in the order of `queries`.

    Raises:
        RouterError: the ids of queries and outcomes are not the same set, or nothing was run.
    """
    rows = {question_id: row for row, question_id in enumerate(outcomes.question_ids)}
    ids = [query.id for query in queries]
    if len(set(ids)) != len(ids):
        raise RouterError("Query ids must be unique within a fit.")
    if set(ids) != set(rows):
        only_queries = sorted(set(ids) - set(rows))
        only_outcomes = sorted(set(rows) - set(ids))
        raise RouterError(
            f"Queries and outcomes must have the same ids: {len(only_queries)} only among the queries "
            f"{only_queries[:3]}, {len(only_outcomes)} only among the outcomes {only_outcomes[:3]}."
        )
    if np.isnan(outcomes.score).all():
        raise RouterError("The outcomes hold no run at all: run `compound profile` first.")
    return outcomes.take([rows[question_id] for question_id in ids])


def make_decision(
    kind: str, experts: Sequence[str], query: Query, estimate: Estimate, chosen: Sequence[int] | int
) -> RoutingDecision:
    """The record of one decision; `chosen` are indices, or a number: so many of the best."""
    order = ranking(estimate.values)
    picks = order[:chosen] if isinstance(chosen, int) else chosen
    return RoutingDecision(
        query_id=query.id,
        router=kind,
        estimates={name: float(value) for name, value in zip(experts, estimate.values, strict=True)},
        calibrated=estimate.calibrated,
        ranked=tuple(experts[i] for i in order),
        chosen=tuple(experts[i] for i in picks),
        tokens={
            name: float(number)
            for name, number in zip(experts, () if estimate.tokens is None else estimate.tokens, strict=False)
            if not math.isnan(number)
        },
        novelty=None if math.isnan(estimate.novelty) else estimate.novelty,
        reasons=estimate.reasons,
    )


class BestFirst(ABC):
    """`decide` and `route` of routers that choose the k experts with the highest estimates."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """As in a configuration."""

    @abstractmethod
    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """See `Router.estimate`."""

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        """The k best by estimate; see `Router.decide`."""
        experts = fitted_experts(self, self.kind)
        check_k(k, len(experts))
        return [make_decision(self.kind, experts, q, e, k) for q, e in zip(queries, estimates, strict=True)]

    def route(
        self, queries: Sequence[Query], k: int, *, generate: Generate | None = None
    ) -> list[RoutingDecision]:
        """`estimate`, then `decide`; see `Router.route`."""
        check_k(k, len(fitted_experts(self, self.kind)))
        return self.decide(queries, self.estimate(queries, generate=generate), k)
