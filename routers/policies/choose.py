"""One entry to all policies: which experts each query gets. Pure; knows no router."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from routers.policies.budget import within_budget
from routers.policies.config import (
    BudgetPolicyConfig,
    DiversePolicyConfig,
    FallbackPolicyConfig,
    GuardPolicyConfig,
    PolicyConfig,
    RepeatPolicyConfig,
    ThresholdPolicyConfig,
)
from routers.policies.diversity import diverse
from routers.policies.fallback import with_fallback
from routers.policies.guard import guarded
from routers.policies.policy_input import Floats, PolicyInput
from routers.policies.threshold import experts_needed
from routers.router import check_k

Chosen = tuple[int, ...]
"""Indices of the experts of one query, best first, at least one; distinct but where a policy repeats."""


def choose(config: PolicyConfig, given: PolicyInput, k: int) -> list[Chosen]:
    """The experts of each query.

    Args:
        config: the policy; wrappers change the input and hand it on.
        given: estimates and costs of a batch; only a budget `per_batch` makes queries depend on each
            other.
        k: experts per query, 1 to m; the most of them under a budget, not used by `threshold`; with
            `repeat` samples of one expert, which may be more than m.

    Raises:
        RouterError: k is out of range, a policy lacks what it needs, or a budget is too small for
            one expert per query.
    """
    if isinstance(config, GuardPolicyConfig):
        return choose(config.inner, guarded(config, given), k)
    if isinstance(config, FallbackPolicyConfig):
        return choose(config.inner, with_fallback(config, given), k)
    m = len(given.experts)
    check_k(min(k, m) if isinstance(config, RepeatPolicyConfig) else k, m)
    if isinstance(config, BudgetPolicyConfig):
        return _tuples(within_budget(config, given, k))
    if isinstance(config, DiversePolicyConfig):
        return _tuples(diverse(given, k))
    order = best_first(given.chances)
    if isinstance(config, ThresholdPolicyConfig):
        counts = experts_needed(config, given).tolist()
        return [tuple(row[:count]) for row, count in zip(order.tolist(), counts, strict=True)]
    if isinstance(config, RepeatPolicyConfig):
        return [(best,) * k for best in order[:, 0].tolist()]
    return _tuples(order[:, :k])


def best_first(chances: Floats) -> NDArray[np.int64]:
    """(n, m) experts of each query by chance, highest first; ties in configuration order."""
    order: NDArray[np.int64] = np.argsort(-chances, axis=1, kind="stable")
    return order


def _tuples(chosen: NDArray[np.int64]) -> list[Chosen]:
    """Rows without the -1 that stand for no expert."""
    rows: Sequence[Sequence[int]] = chosen.tolist()
    return [tuple(index for index in row if index >= 0) for row in rows]
