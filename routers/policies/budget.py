"""Choices within limits per query and per batch on tokens, seconds, price and resident memory.

Which experts may be resident is chosen first, then what each query gets of them. Knows no router;
limits are on expected amounts, for what a completion really takes is known only after it.
"""

from __future__ import annotations

import numpy as np

from experts.errors import RouterError
from routers.policies.config import BudgetPolicyConfig, Limits
from routers.policies.filling import Costs, Picks, fill
from routers.policies.policy_input import QUANTITIES, Mask, PolicyInput
from routers.policies.residency import resident
from routers.policies.spending import spend

_PRICES = (0.0, 1.0, 10.0, 1000.0)
"""Prices of the batch's budget at which residents are chosen until the budget holds; at 1 an even
share of the budget costs one chance."""


def within_budget(config: BudgetPolicyConfig, given: PolicyInput, k: int) -> Picks:
    """Up to k experts (n, k) per query, best first, -1 = none; no limit is exceeded.

    Raises:
        RouterError: a query fits no expert, or the batch does not fit one expert per query.
    """
    if not len(given.chances):
        return np.empty((0, k), dtype=np.int64)
    additive = config.per_batch.model_copy(update={"memory_gib": None})
    batch = _costs(given, additive)
    # One query alone cannot need more than the batch may.
    own = _costs(given, config.per_query, config.per_batch)
    usable = own.usable()
    _check_usable(config, usable)
    for price in _PRICES if len(batch.limits) else _PRICES[:1]:
        allowed = _allowed(config, given, usable, batch, price, k)
        inside = Costs(np.where(allowed, own.amounts, np.inf), own.limits)
        if not len(batch.limits):
            return _sorted(fill(given.chances, inside, k, np.zeros_like(given.chances)), given)
        picks = spend(given.chances, inside, batch, k)
        if picks is not None:
            return _sorted(picks, given)
        if config.per_batch.memory_gib is None:
            break
    raise RouterError(
        f"The batch of {len(given.chances)} queries does not fit its budget "
        f"({_words(config.per_batch)}) even with one expert per query: raise the limits, ask fewer "
        "queries or add a cheaper expert."
    )


def _costs(given: PolicyInput, *limits: Limits) -> Costs:
    """Of all quantities that have a limit."""
    limited = [(q, getattr(some, q)) for some in limits for q in QUANTITIES if getattr(some, q) is not None]
    amounts = [given.cost(q) for q, _ in limited]
    none = np.empty((0, *given.chances.shape))
    return Costs(
        np.stack(amounts) if amounts else none, np.array([limit for _, limit in limited], dtype=float)
    )


def _check_usable(config: BudgetPolicyConfig, usable: Mask) -> None:
    stuck = ~np.any(usable, axis=1)
    if stuck.any():
        raise RouterError(
            f"No expert fits the budget of query {int(stuck.argmax())} of the batch (per query: "
            f"{_words(config.per_query)}; per batch: {_words(config.per_batch)}): raise the limits or add a "
            "cheaper expert; an expert whose cost is unknown never fits."
        )


def _allowed(
    config: BudgetPolicyConfig, given: PolicyInput, usable: Mask, batch: Costs, price: float, k: int
) -> Mask:
    """(m,) which experts may be resident."""
    limit = config.per_batch.memory_gib
    if limit is None:
        return np.ones(len(given.experts), dtype=bool)
    values = given.chances
    if price > 0:
        load = batch.scaled().sum(axis=0) * len(values)
        # Shifted per query to at least 0, which changes no comparison with one expert each.
        values = values + price * (load.max(axis=1, keepdims=True) - load)
    chosen = resident(values, usable, given.cost("memory_gib")[0], limit, 1 if price > 0 else k)
    if chosen is None:
        raise RouterError(
            f"No set of experts within {limit:g} GiB has one for every query of the batch: raise "
            "per_batch.memory_gib or the limits per query."
        )
    allowed = np.zeros(len(given.experts), dtype=bool)
    allowed[list(chosen)] = True
    return allowed


def _sorted(picks: Picks, given: PolicyInput) -> Picks:
    """Each row best first, ties in configuration order, -1 last."""
    by_index = np.sort(np.where(picks < 0, len(given.experts), picks), axis=1)
    absent = by_index == len(given.experts)
    rows = np.arange(len(picks))[:, None]
    chances = np.where(absent, -1.0, given.chances[rows, np.where(absent, 0, by_index)])
    order = np.argsort(-chances, axis=1, kind="stable")
    result: Picks = np.take_along_axis(np.where(absent, -1, by_index), order, axis=1)
    return result


def _words(limits: Limits) -> str:
    given = {q: getattr(limits, q) for q in QUANTITIES if getattr(limits, q) is not None}
    return ", ".join(f"{name} {value:g}" for name, value in given.items()) or "no limit"
