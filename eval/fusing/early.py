"""Stopping rules played back on recorded outcomes: how many experts each question would have asked.

The rules are those that a system runs (`compound.stopping`). Knows no aggregator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from compound.stopping import NextExpert, StoppingRule
from eval.fusing.recorded import RecordedCandidates


def play(rule: StoppingRule, recorded: RecordedCandidates, *, first: int, step: int = 1) -> NDArray[np.int64]:
    """(n,) experts asked until the rule stops each question, or all are asked; an expert costs 1.

    Args:
        rule: decides after every wave.
        recorded: the questions.
        first: experts of the first wave.
        step: experts of each further one.
    """
    n, m = recorded.order.shape
    sizes = np.full(n, min(first, m), dtype=np.int64)
    open_ = np.arange(n)
    names = recorded.table.experts
    while len(open_ := open_[sizes[open_] < m]):
        rows = [int(i) for i in open_]
        items = recorded.items([int(sizes[i]) for i in rows], rows)
        following = [[NextExpert(names[int(j)], 1.0) for j in recorded.order[i, sizes[i] :]] for i in rows]
        reasons = rule.reasons(items, following)
        open_ = open_[[reason is None for reason in reasons]]
        sizes[open_] = np.minimum(sizes[open_] + step, m)
    return sizes
