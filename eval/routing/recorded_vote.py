"""What a log-odds vote over recorded answers would have scored, for many questions at once.

The rule of `aggregators.votes.counting.WeightedVote` on arrays: every chosen expert's answer weighs
log(p (n - 1) / (1 - p)), and the fused answer scores what an expert that gave it scored. Gold answers
are not needed. Knows no router and no policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.votes.config import WeightedVoteConfig
from experts.outcome_table import OutcomeTable

Array = NDArray[np.float64]
_NO_VOTE = -1
_TIE = 1e-9
"""Totals nearer than this are tied."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedAnswers:
    """First samples of n questions and m experts, in the form that votes are counted in."""

    codes: NDArray[np.int64]
    """(n, m) number of the answer among the question's distinct answers; -1 = none, or not run."""
    scores: Array
    """(n, m) in [0, 1]; not run counts as wrong, as an expert that cannot be had would."""
    options: Array
    """(n,) how many answers a question allows."""
    distinct: int
    """Most distinct answers of any question."""

    @classmethod
    def of(cls, table: OutcomeTable) -> RecordedAnswers:
        """From a table."""
        answers = table.outcomes.answer[:, :, 0]
        codes = np.full(answers.shape, _NO_VOTE, dtype=np.int64)
        for row, given in enumerate(answers):
            _, inverse = np.unique(given, return_inverse=True)
            codes[row] = np.where(given == "", _NO_VOTE, inverse)
        open_options = WeightedVoteConfig(kind="weighted").open_options
        options = np.array([len(query.choices) or open_options for query in table.queries], dtype=np.float64)
        scores = np.nan_to_num(table.outcomes.mean_score())
        return cls(codes, scores, options, int(codes.max(initial=0)) + 1)

    def take(self, rows: NDArray[np.int64]) -> RecordedAnswers:
        """Those of some questions."""
        return RecordedAnswers(self.codes[rows], self.scores[rows], self.options[rows], self.distinct)


def vote_scores(
    recorded: RecordedAnswers, chances: Array, chosen: Sequence[Sequence[int]], *, clip: float | None = None
) -> Array:
    """(n,) score of the answer that wins each vote.

    Args:
        recorded: answers of the same questions.
        chances: (n, m) estimated probabilities, which weigh the votes.
        chosen: per question the experts asked, best first.
        clip: chances are held within [clip, 1 - clip]; None: as `aggregator: {kind: weighted}` does.

    Returns:
        Of ties that answer's which the best-ranked expert gave. Where no answer is recorded there is no
        vote, and the best-ranked expert's score counts, as the aggregator takes its text.
    """
    held = WeightedVoteConfig(kind="weighted").clip if clip is None else clip
    p = np.clip(chances, held, 1.0 - held)
    weights = np.log(p * (recorded.options[:, None] - 1.0) / (1.0 - p))
    n = len(recorded.codes)
    totals = np.full((n, recorded.distinct), -np.inf)
    scores = np.zeros((n, recorded.distinct))
    best_place = np.zeros((n, recorded.distinct))
    longest = max((len(picks) for picks in chosen), default=0)
    for place in reversed(range(longest)):
        rows = np.array([i for i, picks in enumerate(chosen) if len(picks) > place], dtype=np.int64)
        experts = np.array([chosen[i][place] for i in rows], dtype=np.int64)
        codes = recorded.codes[rows, experts]
        voted = codes != _NO_VOTE
        rows, experts, codes = rows[voted], experts[voted], codes[voted]
        known = np.where(np.isneginf(totals[rows, codes]), 0.0, totals[rows, codes])
        totals[rows, codes] = known + weights[rows, experts]
        best_place[rows, codes] = place
        scores[rows, codes] = recorded.scores[rows, experts]
    winner = (totals - _TIE * best_place).argmax(axis=1)
    silent = np.isneginf(totals.max(axis=1, initial=-np.inf))
    first = np.array([picks[0] for picks in chosen], dtype=np.int64)
    rows = np.arange(n)
    fused: Array = np.where(silent, recorded.scores[rows, first], scores[rows, winner])
    return fused
