"""Which experts are worth hosting: those of a large matrix that complete each other within a budget.

Chosen on train questions by `eval.pool_search`, reported on test questions. Knows neither files nor
hosting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eval.metrics import Interval, accuracy, paired_difference
from eval.pool_search import PoolSearch, without
from eval.pool_value import PoolValue
from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One expert of a chosen pool."""

    name: str
    size_b: float
    """Billions of parameters."""
    accuracy: Interval
    """Alone, on test."""
    adds: Interval
    """Accuracy of the pool on test less that of the pool without it, paired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChoice:
    """Experts worth hosting together, and what they are worth on test questions."""

    members: tuple[Member, ...]
    """In the order of what they add on train, most first."""
    per_query: int
    """Experts that vote on a question."""
    size_b: float
    """Billions of parameters together."""
    train: float
    """Cross-fitted accuracy of routing and voting on the questions that the pool was chosen on."""
    test: Interval
    """Accuracy of routing and voting on test, estimates from train."""
    best_single: str
    """The expert within the budget that is best on train."""
    over_best_single: Interval
    """Accuracy on test over that expert's, paired."""
    unknown_size: tuple[str, ...]
    """Experts that were not looked at because their size is unknown."""


def select_pool(
    train: OutcomeMatrix,
    test: OutcomeMatrix,
    sizes_b: Mapping[str, float | None],
    budget_b: float,
    max_experts: int,
    *,
    per_query: int = 3,
) -> PoolChoice:
    """Choose at most `max_experts` whose sizes sum to at most `budget_b`.

    Args:
        train: questions to choose on; the value is that of `eval.pool_value`.
        test: questions to report on, of the same experts.
        sizes_b: billions of parameters by expert; None or missing = unknown, not looked at.
        budget_b: billions of parameters that may be resident.
        max_experts: at least 1.
        per_query: experts that vote on a question, at least 1.

    Raises:
        ConfigError: a number is out of range, or no expert of known size fits.
    """
    if max_experts < 1 or per_query < 1 or not budget_b > 0:
        raise ConfigError(
            f"A pool needs a budget above 0 and at least one expert, in all and per query, got {budget_b}, "
            f"{max_experts} and {per_query}."
        )
    size = np.array([sizes_b.get(name) or np.inf for name in train.experts])
    if not (size <= budget_b).any():
        raise ConfigError(
            f"No expert of known size fits {budget_b:g} billion parameters: raise the budget, or add sizes "
            "to the facts of the matrix."
        )
    search = PoolSearch(PoolValue(train, per_query=per_query), size, budget_b, max_experts)
    return _report(search, train, test.restrict(train.experts))


def _report(search: PoolSearch, train: OutcomeMatrix, test: OutcomeMatrix) -> PoolChoice:
    pool = search.best()
    value = PoolValue(test, fitted_on=train, per_query=search.value.per_query)
    with_all, alone = value.scores(pool), test.mean_score()
    nothing = np.zeros(len(with_all))
    # By what each adds on train; without the only expert nothing is left.
    loss = {i: search.worth(pool) - (search.worth(rest) if (rest := without(pool, i)) else 0.0) for i in pool}
    members = [
        Member(
            name=train.experts[i],
            size_b=float(search.size[i]),
            accuracy=accuracy(alone[:, i]),
            adds=paired_difference(
                with_all,
                value.scores(rest) if (rest := without(pool, i)) else nothing,
                rng=np.random.default_rng(0),
            ),
        )
        for i in sorted(pool, key=lambda i: (-loss[i], i))
    ]
    affordable = [i for i in range(len(search.size)) if search.fits((i,))]
    single = max(affordable, key=lambda i: search.worth((i,)))
    return PoolChoice(
        members=tuple(members),
        per_query=search.value.per_query,
        size_b=float(search.size[list(pool)].sum()),
        train=search.worth(pool),
        test=accuracy(with_all),
        best_single=train.experts[single],
        over_best_single=paired_difference(with_all, alone[:, single], rng=np.random.default_rng(0)),
        unknown_size=tuple(n for n, s in zip(train.experts, search.size, strict=True) if np.isinf(s)),
    )
