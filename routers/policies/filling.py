"""Experts for each query by chance, as long as they fit the query's own limits.

Knows quantities only as costs with a limit each, and nothing of the rest of the batch but a price
that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routers.policies.policy_input import Floats, Mask

Picks = NDArray[np.int64]
"""(n, k) indices of experts; -1 = none."""

_LEAST_MISS = 1e-6
"""Keeps experts in order behind one that is certain to be right."""


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """What experts need of q limited quantities."""

    amounts: Floats
    """(q, n, m); infinite = never fits."""
    limits: Floats
    """(q,) above 0."""

    def usable(self) -> Mask:
        """(n, m) whether the expert alone fits."""
        fits: Mask = np.all(self.amounts <= self.limits[:, None, None], axis=0)
        return fits

    def scaled(self) -> Floats:
        """(q, n, m) shares of the limit; 0 for what never fits."""
        finite = np.where(np.isfinite(self.amounts), self.amounts, 0.0)
        shares: Floats = finite / self.limits[:, None, None]
        return shares


def fill(chances: Floats, own: Costs, k: int, price: Floats) -> Picks:
    """Up to k experts per query, each the one with the highest worth of those that still fit.

    An expert is worth the chance that it is right where all before it are wrong, were they
    independent, less its price. The first is taken at any price; further ones where they are worth
    it. With no price: the k best that fit.

    Args:
        chances: (n, m).
        own: costs with limits per query.
        k: most experts per query.
        price: (n, m) in units of chance, at least 0.

    Returns:
        (n, k); a row of -1 where not one expert fits.
    """
    n, m = chances.shape
    rows = np.arange(n)
    left = np.repeat(own.limits[:, None], n, axis=1)
    free = np.ones((n, m), dtype=bool)
    miss = np.ones(n)
    picks = np.full((n, k), -1, dtype=np.int64)
    for place in range(k):
        fits = free & np.all(own.amounts <= left[:, :, None], axis=0)
        worth = np.where(fits, miss[:, None] * chances - price, -np.inf)
        pick = worth.argmax(axis=1)
        taken = fits[rows, pick] & ((worth[rows, pick] >= 0) | (place == 0))
        if not taken.any():
            break
        picks[taken, place] = pick[taken]
        free[rows[taken], pick[taken]] = False
        left[:, taken] -= own.amounts[:, rows[taken], pick[taken]]
        miss = np.where(taken, np.maximum(miss * (1 - chances[rows, pick]), _LEAST_MISS), miss)
    return picks


def totals(picks: Picks, amounts: Floats) -> Floats:
    """(q, n) what each query's experts need together of `amounts` (q, n, m)."""
    rows = np.arange(len(picks))[:, None]
    needed: Floats = np.where(picks >= 0, amounts[:, rows, picks], 0.0).sum(axis=2)
    return needed


def coverage(picks: Picks, chances: Floats) -> Floats:
    """(n,) chance that at least one of a query's experts is right, were they independent."""
    rows = np.arange(len(picks))[:, None]
    covered: Floats = 1 - np.where(picks >= 0, 1 - chances[rows, picks], 1.0).prod(axis=1)
    return covered
