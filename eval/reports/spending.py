"""Calls, completion tokens and dollars per question of whoever stands in a report. Knows no accuracy.

Votes over the system's answers take what the asked experts took, without the aggregator's own call. Of an
expert that was sampled more than once, a row has the first sample only: what votes take is then not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval.reports.run_arrays import RunArrays


class Spending(NamedTuple):
    """Means per question."""

    calls: float
    tokens: float
    """Completion tokens over all calls."""
    cost_usd: float | None
    """None without prices."""


def spending(
    name: str,
    arrays: RunArrays,
    best_single: str | None,
    costs: Mapping[str, tuple[float, float, float]],
) -> Spending | None:
    """What a row of the main table takes; None where that is not known, or it asks nobody.

    Args:
        name: of the row, see `Standing.name`.
        arrays: of the run.
        best_single: an expert.
        costs: row -> mean calls, tokens and dollars; goes before what rows tell.
    """
    if name in costs:
        calls, tokens, dollars = costs[name]
        return Spending(calls, tokens, dollars if arrays.priced or dollars > 0 else None)
    if name == "system":
        return _of_system(arrays)
    if name in ("weighted_vote", "majority_vote"):
        return _of_asked(arrays)
    if name == "router_top1":
        return _of_first(arrays)
    if name == "best_single" and best_single is not None:
        return of_expert(best_single, arrays)
    if name == "random":
        return _of_anyone(arrays)
    return None


def of_expert(expert: str, arrays: RunArrays) -> Spending | None:
    """An expert that is asked every question; None where it was not run on all."""
    column = arrays.column(expert)
    if column is None:
        return None
    picked = np.zeros(arrays.score.shape, dtype=np.bool_)
    picked[:, column] = True
    return _of_picked(arrays, picked)


def _of_system(arrays: RunArrays) -> Spending:
    n = arrays.n
    cost = math.fsum(row.cost_usd for row in arrays.rows) / n if arrays.priced else None
    calls = sum(row.calls for row in arrays.rows) / n
    return Spending(calls, sum(row.completion_tokens for row in arrays.rows) / n, cost)


def _of_asked(arrays: RunArrays) -> Spending | None:
    if any(len({*row.chosen}) < len(row.chosen) for row in arrays.rows):
        return None
    picked = np.zeros(arrays.score.shape, dtype=np.bool_)
    for i, row in enumerate(arrays.rows):
        for found in row.experts:
            picked[i, arrays.experts.index(found.expert)] = found.asked
    return _of_picked(arrays, picked)


def _of_first(arrays: RunArrays) -> Spending | None:
    """Whom the router ranked first: the highest estimate, of equals the first."""
    picked = np.zeros(arrays.score.shape, dtype=np.bool_)
    for i, row in enumerate(arrays.rows):
        first = max(row.estimates, key=row.estimates.__getitem__, default=None)
        column = None if first is None else arrays.column(first)
        if column is None:
            return None
        picked[i, column] = True
    return _of_picked(arrays, picked)


def _of_anyone(arrays: RunArrays) -> Spending | None:
    """The expectation over a uniformly random expert."""
    if not arrays.run_on_all.all() or not arrays.experts:
        return None
    cost = math.fsum(arrays.cost_usd.ravel()) / arrays.cost_usd.size if arrays.priced else None
    return Spending(1.0, float(arrays.tokens.mean()), cost)


def _of_picked(arrays: RunArrays, picked: NDArray[np.bool_]) -> Spending | None:
    """Of the experts picked (n, m) for each question."""
    if np.isnan(arrays.tokens[picked]).any():
        return None
    n = arrays.n
    cost = math.fsum(arrays.cost_usd[picked]) / n if arrays.priced else None
    return Spending(float(picked.sum()) / n, float(arrays.tokens[picked].sum()) / n, cost)
