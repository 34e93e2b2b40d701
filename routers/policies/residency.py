"""Which experts to keep in memory for a batch, so that the best of them serve its queries.

MoE^2 (arXiv 2501.09410): a router that was fitted on the full pool stays right when it is masked to a
subset, so that only the subset is searched. The worth of a subset is the batch's summed k best
chances, which is monotone and submodular: all maximal subsets are tried where they are few, else
greedily by worth and by worth per GiB, the better of the two (Leskovec et al. 2007, CELF). Knows no
other limit than memory.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from routers.policies.policy_input import Floats, Mask

_EXHAUSTIVE = 50_000_000
"""Most cells looked at for all subsets; about half a second."""
_EXHAUSTIVE_EXPERTS = 14

Subset = tuple[int, ...]


def resident(values: Floats, usable: Mask, memory: Floats, limit: float, k: int) -> Subset | None:
    """The subset of experts with the highest worth whose memory sums to at most `limit`.

    Args:
        values: (n, m) of at least 0, what an expert is worth to a query.
        usable: (n, m) whether the query may have the expert at all.
        memory: (m,) GiB; infinite = unknown, never resident.
        limit: GiB.
        k: experts per query.

    Returns:
        Ascending indices, with a usable expert for every query; None where no subset has that.
    """
    values = np.where(usable, values, 0.0)
    m = len(memory)
    if m <= _EXHAUSTIVE_EXPERTS:
        subsets = _maximal(memory, limit)
        if len(subsets) * values.size <= _EXHAUSTIVE:
            return max(
                (s for s in subsets if _serves(usable, s)),
                key=lambda subset: _worth(values[:, subset], k),
                default=None,
            )
    found = [_greedy((), values, usable, memory, limit, k, per_gib=per_gib) for per_gib in (False, True)]
    covering = [s for s in found if _serves(usable, s)]
    if not covering:
        cover = _cover(usable, memory, limit)
        if cover is None:
            return None
        covering = [_greedy(cover, values, usable, memory, limit, k, per_gib=False)]
    return max(covering, key=lambda subset: _worth(values[:, subset], k))


def _serves(usable: Mask, subset: Subset) -> bool:
    """Whether every query has a usable expert in the subset."""
    return bool(np.any(usable[:, subset], axis=1).all())


def _maximal(memory: Floats, limit: float) -> list[Subset]:
    """All subsets that fit and to which nothing more fits, small ones first, in configuration order."""
    experts = range(len(memory))
    fitting = [
        s for size in experts for s in combinations(experts, size + 1) if memory[list(s)].sum() <= limit
    ]
    known = set(fitting)
    return [
        s
        for s in fitting
        if not any(tuple(sorted((*s, other))) in known for other in experts if other not in s)
    ]


def _worth(values: Floats, k: int) -> float:
    """Summed k best values of each row."""
    size = values.shape[1]
    if k >= size:
        return float(values.sum())
    return float(np.partition(values, size - k, axis=1)[:, size - k :].sum())


def _greedy(
    start: Subset,
    values: Floats,
    usable: Mask,
    memory: Floats,
    limit: float,
    k: int,
    *,
    per_gib: bool,
) -> Subset:
    """Add the expert with the highest gain that fits; queries without a usable one count first."""
    held = list(start)
    best = np.zeros((len(values), k))  # ascending
    for expert in held:
        best = np.sort(np.concatenate([best, values[:, [expert]]], axis=1), axis=1)[:, 1:]
    served = np.any(usable[:, held], axis=1)
    first_served = 1.0 + len(values) * k  # more than all values together
    while True:
        fits = memory <= limit - memory[held].sum()
        fits[held] = False
        if not fits.any():
            return tuple(sorted(held))
        gain = np.maximum(values - best[:, :1], 0.0).sum(axis=0)
        gain += first_served * (usable & ~served[:, None]).sum(axis=0)
        scale = np.maximum(memory, 1e-9) if per_gib else np.ones(len(memory))
        pick = int(np.where(fits, gain / scale, -1.0).argmax())
        held.append(pick)
        best = np.sort(np.concatenate([best, values[:, [pick]]], axis=1), axis=1)[:, 1:]
        served |= usable[:, pick]


def _cover(usable: Mask, memory: Floats, limit: float) -> Subset | None:
    """The experts of least memory that serve every query, by an integer program; None above `limit`."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    known = np.isfinite(memory)
    patterns = np.unique(usable[:, known], axis=0)
    if not np.any(patterns, axis=1).all():
        return None
    count = int(known.sum())
    solved = milp(
        memory[known],
        constraints=LinearConstraint(patterns.astype(np.float64), lb=1.0),
        integrality=np.ones(count),
        bounds=Bounds(0, 1),
    )
    if solved.x is None:
        return None
    cover = np.flatnonzero(known)[solved.x > 0.5]
    return tuple(int(i) for i in cover) if memory[cover].sum() <= limit else None
