"""The search for a pool of experts: which subset within a budget has the highest value.

Greedy, with and without regard to size (Leskovec et al. 2007, CELF); since the value of a vote is
neither monotone nor submodular, then improved by adding, dropping and swapping one at a time; at last
without those that the pool can spare. Knows no questions and no names.
"""

from __future__ import annotations

import numpy as np

from eval.pool_value import Floats, PoolValue

Pool = tuple[int, ...]
"""Ascending indices of experts."""

_BETTER = 1e-9


class PoolSearch:
    """Pools within the budget and their values, each computed once."""

    def __init__(self, value: PoolValue, size: Floats, budget: float, most: int) -> None:
        """Store what pools are judged by: sizes (m,) that may sum to `budget`, at most `most` experts."""
        self.value, self.size, self._budget, self._most = value, size, budget, most
        self._known: dict[Pool, float] = {}

    def worth(self, pool: Pool) -> float:
        """Mean score on train."""
        if pool not in self._known:
            self._known[pool] = float(self.value.scores(pool).mean())
        return self._known[pool]

    def fits(self, pool: Pool) -> bool:
        """Whether number and size are within the limits."""
        return len(pool) <= self._most and float(self.size[list(pool)].sum()) <= self._budget

    def best(self) -> Pool:
        """The better of both greedy pools after improvement; small pools first among equals."""
        starts = [self._greedy(by_size=by_size) for by_size in (False, True)]
        found = max((self._improved(start) for start in starts), key=lambda p: (self.worth(p), -len(p)))
        return self._pruned(found)

    def _greedy(self, *, by_size: bool) -> Pool:
        """The best pool on a path of additions; a second voter alone adds nothing, so it goes on."""
        pool: Pool = ()
        found: Pool = ()
        while True:
            grown = [p for i in range(len(self.size)) if (p := _with(pool, i)) != pool and self.fits(p)]
            if not grown:
                return found
            before = self.worth(pool) if pool else 0.0
            pool = max(
                grown,
                key=lambda p: (self.worth(p) - before) / (self._added(p, pool) if by_size else 1.0),
            )
            if not found or self.worth(pool) > self.worth(found) + _BETTER:
                found = pool

    def _added(self, grown: Pool, pool: Pool) -> float:
        return float(self.size[list(set(grown) - set(pool))].sum())

    def _improved(self, pool: Pool) -> Pool:
        """Best of adding, dropping or swapping one, repeated while it helps."""
        while True:
            out = [tuple(j for j in pool if j != i) for i in pool]
            near = [_with(p, i) for p in [pool, *out] for i in range(len(self.size))]
            near = [p for p in [*near, *out] if p and self.fits(p)]
            best = max(near, key=self.worth, default=pool)
            if self.worth(best) <= self.worth(pool) + _BETTER:
                return pool
            pool = best

    def _pruned(self, found: Pool) -> Pool:
        """The smallest pool on a path of drops within one standard error of `found`, paired.

        The rule of Breiman et al. (1984): an expert takes memory whether it helps or not, and a gain
        within the noise is none.
        """
        pool, full = found, self.value.scores(found)
        while len(pool) > 1:
            rest = max((without(pool, i) for i in pool), key=self.worth)
            loss = full - self.value.scores(rest)
            if loss.mean() > loss.std() / np.sqrt(len(loss)):
                return pool
            pool = rest
        return pool


def _with(pool: Pool, expert: int) -> Pool:
    return tuple(sorted({*pool, expert}))


def without(pool: Pool, expert: int) -> Pool:
    """The pool less one expert."""
    return tuple(i for i in pool if i != expert)
