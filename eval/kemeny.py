"""Kemeny's order: the one that contradicts the fewest pairwise preferences.

Exact by dynamic programming over subsets for up to 13 experts (Held and Karp's recursion, 2^m m steps),
by an integer program for up to 40 (linear ordering problem, Grötschel, Jünger and Reinelt 1984), with
a time limit after which the best order found is improved by local search and the proved bound is
given. Knows no experts and no tasks.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BY_PROGRAMMING = 13
_SECONDS = 20.0
_TOLERANCE = 1e-6


def kemeny_order(preferred: Floats) -> tuple[list[int], float, float]:
    """The best order of m experts.

    Args:
        preferred: (m, m), weight of the preference for the row over the column, at least 0.

    Returns:
        Indices best first, the weight that the order contradicts, and a proved lower bound of it.
        The two numbers are equal where the order is proved best. Among equally good orders the choice is
        deterministic; up to 13 experts, the last place goes to the last expert that can have it, and so on
        upwards.
    """
    if len(preferred) <= _BY_PROGRAMMING:
        order = _by_subsets(preferred)
        cost = contradicted(order, preferred)
        return order, cost, cost
    order, bound = _by_integer_program(preferred)
    cost = contradicted(order, preferred)
    return order, cost, cost if cost <= bound + _TOLERANCE else bound


def contradicted(order: list[int], preferred: Floats) -> float:
    """Weight of preferences for a later expert over an earlier one."""
    ordered = preferred[np.ix_(order, order)]
    return float(np.tril(ordered, -1).sum())


def _by_subsets(preferred: Floats) -> list[int]:
    """Best last expert of every subset, smallest subsets first; all subsets of a kind at once."""
    m = len(preferred)
    subsets = np.arange(2**m)
    member = (subsets[:, None] >> np.arange(m)) & 1
    # What placing an expert behind all of a subset contradicts: preferences for it over them.
    against = member @ preferred.T
    cost = np.zeros(2**m)
    last = np.zeros(2**m, dtype=np.int64)
    sizes = member.sum(axis=1)
    for size in range(1, m + 1):
        rows = subsets[sizes == size]
        rest = rows[:, None] & ~(1 << np.arange(m))
        total = cost[rest] + against[rest, np.arange(m)]
        total = np.where(member[rows] == 1, total.round(9), np.inf)
        # Of equals the expert that stands last in the configuration is placed last.
        last[rows] = m - 1 - total[:, ::-1].argmin(axis=1)
        cost[rows] = total.min(axis=1)
    order: list[int] = []
    subset = 2**m - 1
    while subset:
        order.append(int(last[subset]))
        subset &= ~(1 << order[-1])
    return order[::-1]


def _by_integer_program(preferred: Floats) -> tuple[list[int], float]:
    """An order and a lower bound, by triangle inequalities that are added where they are violated."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    m = len(preferred)
    pairs = list(combinations(range(m), 2))
    number = {pair: i for i, pair in enumerate(pairs)}
    # x = 1: the first of the pair stands earlier.
    gain = np.array([preferred[j, i] - preferred[i, j] for i, j in pairs])
    fixed = float(sum(preferred[i, j] for i, j in pairs))
    cuts: list[tuple[int, int, int]] = []
    while True:
        rows = np.repeat(np.arange(len(cuts)), 3)
        columns = np.array([number[p] for i, j, k in cuts for p in ((i, j), (j, k), (i, k))], dtype=int)
        matrix = csr_array((np.tile([1.0, 1.0, -1.0], len(cuts)), (rows, columns)), (len(cuts), len(pairs)))
        solved = milp(
            gain,
            constraints=[LinearConstraint(matrix, 0.0, 1.0)] if cuts else None,
            integrality=np.ones(len(pairs)),
            bounds=Bounds(0, 1),
            options={"time_limit": _SECONDS},
        )
        if solved.x is None:
            return _improved(_by_wins(preferred), preferred), fixed + float(gain.clip(max=0).sum())
        x = np.zeros((m, m))
        for (i, j), value in zip(pairs, solved.x.round(), strict=True):
            x[i, j], x[j, i] = value, 1 - value
        found = [
            (i, j, k) for i, j, k in combinations(range(m), 3) if not 0 <= x[i, j] + x[j, k] - x[i, k] <= 1
        ]
        if not found or solved.status != 0:
            order = [int(i) for i in np.argsort(-x.sum(axis=1), kind="stable")]
            return _improved(order, preferred), fixed + float(solved.mip_dual_bound)
        cuts += found


def _by_wins(preferred: Floats) -> list[int]:
    return [int(i) for i in np.argsort(-preferred.sum(axis=1), kind="stable")]


def _improved(order: list[int], preferred: Floats) -> list[int]:
    """Move one expert at a time to its best place while that helps."""
    while True:
        near = [
            (*(rest := [e for e in order if e != expert])[:place], expert, *rest[place:])
            for expert in order
            for place in range(len(order))
        ]
        best = min(near, key=lambda o: contradicted(list(o), preferred))
        if contradicted(list(best), preferred) >= contradicted(order, preferred) - _TOLERANCE:
            return order
        order = list(best)
