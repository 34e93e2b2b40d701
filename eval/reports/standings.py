"""The main table: the system and what it must beat, on the same questions, and how much of the gap it closes.

Scores per question come from the rows. What a row of the table takes is known where it asked whom the system
or the pool asked, and is given for the others. Draws nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from eval.metrics import share_of_gap
from eval.reports.resampling import percentile_interval, resampled_means
from eval.reports.run_arrays import Floats, RunArrays
from eval.reports.schema import Standing, Value
from eval.reports.spending import Spending, spending
from eval.reports.values import share, value

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "system": "system",
        "weighted_vote": "weighted vote, same answers",
        "majority_vote": "majority vote, same answers",
        "router_top1": "router, k = 1",
        "fixed_top_k": "vote of the k best, fixed",
        "self_consistency": "self-consistency",
        "best_single": "best single",
        "random": "random expert",
        "aggregator_alone": "aggregator model alone",
        "shuffled_candidates": "candidates swapped",
        "oracle": "oracle: any expert right",
    }
)
"""Rows of the table, in order."""

_SEED = 0


class Standings(NamedTuple):
    """What the table says."""

    table: tuple[Standing, ...]
    gap_closed: Value | None
    absent: dict[str, str]
    """Rows that could not be computed -> why."""


def table_scores(arrays: RunArrays, best_single: str | None) -> dict[str, Floats]:
    """Score vectors (n) in [0, 1] by row of the table; NaN where a question has none.

    Of a run of experts only, random, oracle and best single are found from the experts.
    """
    rows = arrays.rows
    names = {name for row in rows for name in row.scores} & {*LABELS}
    found = {name: np.array([row.scores.get(name, math.nan) for row in rows]) for name in names}
    if all(row.outcome is not None for row in rows):
        found["system"] = np.array([float(row.outcome == "right") for row in rows])
    column = None if best_single is None else arrays.column(best_single)
    if column is not None and "best_single" not in found:
        found["best_single"] = arrays.score[:, column]
    if not names and arrays.experts and not np.isnan(arrays.score).all(axis=1).any():
        found["random"] = np.nanmean(arrays.score, axis=1)
        found["oracle"] = np.nanmax(arrays.score, axis=1)
    return {name: found[name] for name in LABELS if name in found}


def standings(
    arrays: RunArrays,
    scores: Mapping[str, Floats],
    *,
    best_single: str | None,
    absent: Mapping[str, str],
    costs: Mapping[str, tuple[float, float, float]],
) -> Standings:
    """Make the table.

    Args:
        arrays: of the run.
        scores: by row of the table, as `table_scores` gives them.
        best_single: chosen on other questions.
        absent: rows that could not be computed -> why.
        costs: row of the table -> mean calls, completion tokens and dollars per question.
    """
    whole = {name: s for name, s in scores.items() if not np.isnan(s).any()}
    part = {
        name: f"it is known for {int((~np.isnan(s)).sum())} of {arrays.n} questions only"
        for name, s in scores.items()
        if name not in whole
    }
    means = dict(zip(whole, _resampled(whole).T, strict=True))
    minus = _system_minus(whole, means)
    table = tuple(
        _standing(name, whole[name], minus, best_single, spending(name, arrays, best_single, costs))
        for name in whole
    )
    missing = {**absent, **part}
    ordered = {name: missing[name] for name in [*LABELS, *missing] if name in missing and name not in whole}
    return Standings(table, _gap_closed(whole, means), ordered)


def _resampled(scores: Mapping[str, Floats]) -> Floats:
    """(resamples, rows of the table) means over the same resampled questions."""
    if not scores:
        return np.empty((0, 0))
    return resampled_means(np.column_stack([*scores.values()]), rng=np.random.default_rng(_SEED))


def _system_minus(scores: Mapping[str, Floats], means: Mapping[str, Floats]) -> Callable[[str], Value | None]:
    def difference(name: str) -> Value | None:
        if name == "system" or "system" not in scores:
            return None
        estimate = math.fsum(scores["system"] - scores[name]) / len(scores[name])
        return value(percentile_interval(estimate, means["system"] - means[name]))

    return difference


def _standing(
    name: str,
    scores: Floats,
    minus: Callable[[str], Value | None],
    best_single: str | None,
    spent: Spending | None,
) -> Standing:
    accuracy = share(scores)
    assert accuracy is not None, "a row of the table has a score for every question"
    return Standing(
        name=name,
        label=f"{LABELS[name]} ({best_single})" if name == "best_single" else LABELS[name],
        accuracy=accuracy,
        system_minus=minus(name),
        calls=None if spent is None else spent.calls,
        tokens=None if spent is None else spent.tokens,
        cost_usd=None if spent is None else spent.cost_usd,
    )


def _gap_closed(scores: Mapping[str, Floats], means: Mapping[str, Floats]) -> Value | None:
    """(system - best single) / (oracle - best single); None where the gap may be none.

    A percentile interval of the ratio. Resamples without a gap, at most one in forty, are left out.
    """
    if not {"system", "best_single", "oracle"} <= {*scores}:
        return None
    system, single, best = (scores[name].mean() for name in ("system", "best_single", "oracle"))
    gap = means["oracle"] - means["best_single"]
    if not best - single > 0 or not percentile_interval(best - single, gap).low > 0:
        return None
    there = gap > 0
    ratios = (means["system"] - means["best_single"])[there] / gap[there]
    return value(percentile_interval(share_of_gap(system, single=single, best_possible=best), ratios))
