"""Whether a router hardly tells questions apart, and whether that costs right answers.

Two signs, on the first choices of the questions: one expert has more than 90% of them; or they have nothing
to do with the subject (Pearson's test of independence finds nothing at 5%, or Cramer's V, corrected for
bias as by Bergsma 2013, is below 0.1, which Cohen 1988 calls less than small). A sign alone is no fault:
one expert may be the best everywhere, and a router may read more than subjects. So it is called a collapse
only where something as simple as one expert a subject, chosen on other questions by five-fold cross-
fitting, is clearly more often right than the first choices: the paired 99% interval lies above 0. Cross-
fitting keeps the luck of the best of many experts out of the comparison; 99% and not 95%, since folds share
the questions that they choose on, which makes the interval too narrow (without any difference between 10
experts, 1 to 3% of 200 simulated runs of 300 or 2,418 questions were called a collapse). The rule is our
own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eval.metrics import Interval
from eval.reports.resampling import Floats, percentile_interval, resampled_means
from eval.reports.run_arrays import RunArrays
from routers.training_data import folds

DOMINANT = 0.9
"""Share of first choices above which one expert has nearly all."""
_NEGLIGIBLE = 0.1
"""Cramer's V below which first choices have nothing to do with the subject."""
_ALPHA = 0.05
_LEVEL = 0.99
_FOLDS = 5
_SEED = 1


class Judgement(NamedTuple):
    """At most one of the two is a sentence."""

    collapse: str | None = None
    remark: str | None = None


def judge(arrays: RunArrays) -> Judgement:
    """Look at the first choices; nothing is said where there is no choice between experts or subjects."""
    routed = np.array([i for i, row in enumerate(arrays.rows) if row.chosen], dtype=np.int64)
    first = [arrays.rows[i].chosen[0] for i in routed]
    asks_all = all({*arrays.rows[i].chosen} >= {*arrays.experts} for i in routed)
    if len(arrays.subjects) < 2 or len(arrays.experts) < 2 or asks_all:
        return Judgement()
    sign = _sign(first, arrays.subject[routed])
    if sign is None:
        return Judgement()
    gain = _gain(arrays, routed, first)
    if gain is None:
        return Judgement(remark=f"{sign}; whether others would do better was not measured.")
    points = ", ".join(f"{100 * v:+.1f}" for v in (gain.low, gain.high))
    compared = f"{100 * gain.estimate:+.1f} points ({100 * _LEVEL:.0f}% interval {points})"
    if gain.low > 0:
        return Judgement(f"{sign}, and choosing one expert a subject would be right more often: {compared}.")
    return Judgement(
        remark=f"{sign}, and no choice of one expert a subject is clearly better: {compared}, no collapse."
    )


def _sign(first: list[str], subject: NDArray[np.int64]) -> str | None:
    """Why the router seems not to tell questions apart, as the beginning of a sentence."""
    names, codes, counts = np.unique(first, return_inverse=True, return_counts=True)
    share = counts.max() / len(first)
    if share > DOMINANT:
        return f"The router picks {names[counts.argmax()]} first for {100 * share:.0f}% of the questions"
    table = np.zeros((int(subject.max()) + 1, len(names)))
    np.add.at(table, (subject, codes), 1)
    table = table[table.sum(axis=1) > 0]
    if len(table) > 1 and _independent(table):
        return "The router's first choice has next to nothing to do with the subject"
    return None


def _independent(table: Floats) -> bool:
    """Whether rows and columns of counts (subjects, experts; none is empty) are independent."""
    from scipy.stats import chi2_contingency

    found = chi2_contingency(table, correction=False)
    n = table.sum()
    rows, columns = table.shape
    # Without the correction, chance alone gives many subjects and few questions a high association.
    association = max(0.0, found.statistic / n - found.dof / (n - 1)) / min(rows - 1, columns - 1)
    return bool(found.pvalue > _ALPHA or association < _NEGLIGIBLE**2)


def _gain(arrays: RunArrays, routed: NDArray[np.int64], first: list[str]) -> Interval | None:
    """Accuracy of one expert a subject, cross-fitted, minus that of the first choices, paired.

    None where an expert was not run on every question.
    """
    score, subject = arrays.score[routed], arrays.subject[routed]
    columns = [arrays.column(name) for name in first]
    known = [c for c in columns if c is not None]
    if np.isnan(score).any() or len(known) < len(columns):
        return None
    every = np.arange(len(routed))
    fold = folds([arrays.rows[i].id for i in routed], _FOLDS)
    difference = score[every, _by_subject(score, subject, fold)] - score[every, known]
    means = resampled_means(difference[:, None], rng=np.random.default_rng(_SEED))
    return percentile_interval(math.fsum(difference) / len(difference), means[:, 0], level=_LEVEL)


def _by_subject(score: Floats, subject: NDArray[np.int64], fold: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the best expert on the subject's questions of other folds, else the best on all of them."""
    chosen = np.zeros(len(score), dtype=np.int64)
    for left_out in np.unique(fold):
        rest = fold != left_out
        overall = int(score[rest].sum(axis=0).argmax()) if rest.any() else 0
        for s in np.unique(subject):
            known, here = rest & (subject == s), ~rest & (subject == s)
            chosen[here] = int(score[known].sum(axis=0).argmax()) if known.any() else overall
    return chosen
