"""What a pool of experts is worth: the accuracy of routing and voting by subject, cross-fitted.

Each question's experts are the k best of the pool in its subject, estimated on other questions, and
their answers are fused by the log-odds vote. On MMLU-Pro, over 250 random pools of at most 10, 40 and
120 billion parameters, this value on train orders pools almost as a router does on test: Spearman
0.90, 0.94 and 0.96 for k = 1 with k-NN routing, 0.94, 0.95 and 0.98 for its vote of three. The best
single expert's accuracy orders them with 0.80, 0.80, 0.90 and 0.63, 0.70, 0.83, the oracle with 0.69,
0.75, 0.65 and 0.89, 0.91, 0.97: one sees no complementarity, the other takes luck for it. So k must be
that of the later use. Knows no router, no costs and no question but by its subject.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experts.outcomes import OutcomeMatrix
from routers.policies.vote_chance import vote_weights
from routers.training_data import expert_means, folds

Floats = NDArray[np.float64]

_PRIOR_QUESTIONS = 20.0
"""What an expert's overall accuracy is worth, in questions of a subject."""
_FOLDS = 5
_ABSENT, _RIGHT, _WRONG = -1, -2, -3
"""Answers of which the text is not known: none at all, the right one, a wrong one."""


class PoolValue:
    """The score of each question under routing and voting within any subset of the experts.

    Args:
        outcomes: of the questions that scores are given for.
        fitted_on: of those that estimates come from; None: the same questions, cross-fitted by five
            folds of the question's id.
        per_query: experts k that vote on a question.

    Of several samples the first votes. Where no answers are recorded, all wrong ones count as the same.
    An expert is not asked where it was not run. Questions without a subject are one subject.
    """

    def __init__(
        self, outcomes: OutcomeMatrix, *, fitted_on: OutcomeMatrix | None = None, per_query: int = 3
    ) -> None:
        """Estimate every expert in every subject."""
        self.per_query = per_query
        self._score = outcomes.mean_score()
        self._answer = _codes(outcomes, self._score)
        subjects = outcomes.subjects or ("",) * len(outcomes.question_ids)
        if fitted_on is not None:
            known = fitted_on.subjects or ("",) * len(fitted_on.question_ids)
            estimates = _by_subject(fitted_on.mean_score(), known, subjects)
        else:
            estimates = np.empty(self._score.shape)
            fold = folds(outcomes.question_ids, _FOLDS)
            for left_out in np.unique(fold):
                inside, rest = np.flatnonzero(fold == left_out), np.flatnonzero(fold != left_out)
                names = [[subjects[i] for i in rows] for rows in (rest, inside)]
                estimates[inside] = _by_subject(self._score[rest], names[0], names[1])
        self._estimates = np.where(np.isnan(self._score), -1.0, estimates)
        self._weights = vote_weights(estimates)

    def scores(self, pool: Sequence[int]) -> Floats:
        """(n,) score of each question with the experts of `pool` (indices); 0 where none was run."""
        columns = np.sort(np.asarray(pool, dtype=np.int64))
        order = np.argsort(-self._estimates[:, columns], axis=1, kind="stable")[:, : self.per_query]
        rows, voters = np.arange(len(order))[:, None], columns[order]
        answer = self._answer[rows, voters]
        weight = np.where(answer == _ABSENT, 0.0, self._weights[rows, voters])
        same = answer[:, :, None] == answer[:, None, :]
        support = (same * weight[:, None, :]).sum(axis=2)
        support = np.where(answer == _ABSENT, -np.inf, support)
        # Rounded, so that ties go to the best-ranked voter whatever the order of summation.
        winner = support.round(9).argmax(axis=1)
        won: Floats = np.nan_to_num(self._score[rows[:, 0], voters[rows[:, 0], winner]], nan=0.0)
        return won


def _codes(outcomes: OutcomeMatrix, score: Floats) -> NDArray[np.int64]:
    """(n, m) equal numbers for equal answers."""
    text = outcomes.answer[:, :, 0]
    _, codes = np.unique(text, return_inverse=True)
    wrong = _WRONG if not (text != "").any() else _ABSENT
    unknown = np.where(np.isnan(score), _ABSENT, np.where(score > 0.5, _RIGHT, wrong))
    return np.where(text == "", unknown, codes.reshape(text.shape)).astype(np.int64)


def _by_subject(score: Floats, fitted: Sequence[str], wanted: Sequence[str]) -> Floats:
    """Estimates (len(wanted), m) from the scores of `fitted` questions, drawn to the expert's mean."""
    overall = expert_means(score)
    names = np.array(fitted, dtype=np.str_)
    run = ~np.isnan(score)
    table = {}
    for subject in sorted(set(wanted)):
        rows = names == subject
        right = np.where(run[rows], score[rows], 0.0).sum(axis=0)
        table[subject] = (right + _PRIOR_QUESTIONS * overall) / (run[rows].sum(axis=0) + _PRIOR_QUESTIONS)
    return np.stack([table[subject] for subject in wanted])
