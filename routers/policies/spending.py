"""A batch's budget goes where it adds most: one price for all queries, found by bisection.

The multiple-choice knapsack by its Lagrangian (Sinha and Zoltners 1979): at a price for the batch's
quantities every query chooses for itself; the lowest price at which all fits is found, and queries
are moved to their choice at the next lower price, best ratio first, until the budget is used. Knows
nothing of memory, which is not a sum over queries.
"""

from __future__ import annotations

import numpy as np

from routers.policies.filling import Costs, Picks, coverage, fill, totals
from routers.policies.policy_input import Floats

_RAISES = 12
_HALVINGS = 24
_ROUNDS = 40
"""Of the search for a cheap choice where several limits hold at once."""


def spend(chances: Floats, own: Costs, batch: Costs, k: int) -> Picks | None:
    """Choices (n, k) within the limits `own` of each query and those of the `batch` together.

    Returns:
        None where one expert per query does not fit; exact for one limit of the batch, for several
        at once by a search that can miss a choice which uses the budget almost wholly.
    """
    beyond = fill(chances, own, k, np.zeros_like(chances))
    if _fits(beyond, batch):
        return beyond
    within = _cheapest(chances, own, batch, k)
    if within is None:
        return None
    weight = batch.scaled().sum(axis=0)
    low, high = 0.0, float(len(chances))  # at this price an even share of the budget costs one chance
    for _ in range(_RAISES):
        tried = fill(chances, own, k, high * weight)
        if _fits(tried, batch):
            within = tried
            break
        beyond, low, high = tried, high, 4 * high
    for _ in range(_HALVINGS):
        price = (low + high) / 2
        tried = fill(chances, own, k, price * weight)
        if _fits(tried, batch):
            within, high = tried, price
        else:
            beyond, low = tried, price
    return _between(within, beyond, chances, batch)


def _fits(picks: Picks, batch: Costs) -> bool:
    if (picks[:, 0] < 0).any():
        return False
    return bool(np.all(totals(picks, batch.amounts).sum(axis=1) <= batch.limits))


def _cheapest(chances: Floats, own: Costs, batch: Costs, k: int) -> Picks | None:
    """One expert per query at least cost, ties by chance; None where that does not fit.

    With several limits the weight of what is overdrawn grows (multiplicative weights).
    """
    alone, scaled = own.usable(), batch.scaled()
    weights = np.ones(len(batch.limits)) / len(batch.limits)
    picks = np.full((len(chances), k), -1, dtype=np.int64)
    for _ in range(_ROUNDS if len(weights) > 1 else 1):
        cost = np.where(alone, np.tensordot(weights, scaled, axes=1), np.inf)
        least = alone & (cost == cost.min(axis=1, keepdims=True))
        picks[:, 0] = np.where(least.any(axis=1), np.where(least, chances, -1.0).argmax(axis=1), -1)
        if _fits(picks, batch):
            return picks
        used = totals(picks, scaled).sum(axis=1)
        weights = weights * np.exp(used / used.max())
        weights /= weights.sum()
    return None


def _between(within: Picks, beyond: Picks, chances: Floats, batch: Costs) -> Picks:
    """`within`, with as many queries as fit moved to their choice in `beyond`, by gain per cost."""
    gain = coverage(beyond, chances) - coverage(within, chances)
    extra = totals(beyond, batch.amounts) - totals(within, batch.amounts)
    load = (extra / batch.limits[:, None]).sum(axis=0)
    movable = np.flatnonzero((gain > 0) & (beyond[:, 0] >= 0))
    ratio = gain[movable] / np.maximum(load[movable], 1e-300)
    order = movable[np.argsort(-ratio, kind="stable")]
    used = totals(within, batch.amounts).sum(axis=1)[:, None] + np.cumsum(extra[:, order], axis=1)
    too_much = np.any(used > batch.limits[:, None], axis=0)
    count = int(too_much.argmax()) if too_much.any() else len(order)
    while True:
        result = within.copy()
        result[order[:count]] = beyond[order[:count]]
        # Sums in another order may differ in the last bit; the budget holds to that bit too.
        if count == 0 or _fits(result, batch):
            return result
        count -= 1
