"""Whether probabilities come true: the system's support of its answers, the router's estimates of experts.

Ten bins of equal width, as reliability diagrams have them (Guo et al., arXiv 1706.04599); expected
calibration error after Naeini et al. 2015; Brier skill after Murphy 1973. Pairs of the router share
questions, so its intervals are somewhat too narrow. Draws nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.metrics import wilson
from eval.reports.run_arrays import RunArrays
from eval.reports.schema import Calibration, CalibrationBin
from eval.reports.values import value
from eval.runs.row import QuestionRow

_EDGES = np.arange(11) / 10
_LEAST_SHARE = 0.5
"""Of the answers; an aggregator that gives fewer of them a support does not mean it as its own."""


def calibrations(arrays: RunArrays) -> tuple[Calibration, ...]:
    """Of the system and of the router, as far as there are probabilities."""
    found = (_of("system", *_support(arrays.rows)), _of("router", *_estimates(arrays)))
    return tuple(c for c in found if c is not None)


def _support(rows: Sequence[QuestionRow]) -> tuple[list[float], list[bool]]:
    """Only of answers that were given: whether a withheld one would have been right is not in the row.

    Nothing where few have one, such as those for which a judge fell back to a vote.
    """
    answered = [r for r in rows if r.outcome in ("right", "wrong", "unparsed")]
    given = [r for r in answered if r.support is not None]
    if len(given) < _LEAST_SHARE * len(answered):
        return [], []
    return [r.support for r in given if r.support is not None], [r.outcome == "right" for r in given]


def _estimates(arrays: RunArrays) -> tuple[list[float], list[bool]]:
    chances, right = [], []
    for row in arrays.rows:
        for expert in row.experts if row.calibrated else ():
            if expert.expert in row.estimates:
                chances.append(row.estimates[expert.expert])
                right.append(expert.outcome == "right")
    return chances, right


def _of(what: str, chances: Sequence[float], right: Sequence[bool]) -> Calibration | None:
    if not chances:
        return None
    p, y = np.array(chances), np.array(right, dtype=np.float64)
    where = np.digitize(p, _EDGES[1:-1])
    bins = tuple(_bin(b, p[where == b], y[where == b]) for b in np.unique(where).tolist())
    base = math.fsum(y) / len(y)
    reference = base * (1 - base)
    return Calibration(
        what=what,
        n=len(p),
        ece=math.fsum(b.n * abs(b.predicted - b.right.value) for b in bins) / len(p),
        brier_skill=1 - math.fsum((p - y) ** 2) / len(p) / reference if reference > 0 else None,
        bins=bins,
    )


def _bin(index: int, chances: NDArray[np.float64], right: NDArray[np.float64]) -> CalibrationBin:
    n = len(chances)
    return CalibrationBin(
        low=float(_EDGES[index]),
        high=float(_EDGES[index + 1]),
        n=n,
        predicted=math.fsum(chances) / n,
        right=value(wilson(float(right.sum()), n)),
    )
