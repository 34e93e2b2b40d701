"""From patterns of answers to one row of numbers per candidate answer.

A candidate is an answer that at least one expert gave. What is said of it: how many gave it and how
strongly a log-odds vote supports it, how that compares with its rivals, which experts gave it and which
gave another, and how long and how sure the answers are by each expert's own measure. Of the
answer itself only its place among the options is seen. Knows no gold answers and no model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.learned.patterns import NO_ANSWER, AnswerPatterns, Codes, Floats

_CLIP = 0.02
_NONE = -1e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Norms:
    """What is usual for each expert; learned once, so that answers compare with its own habits."""

    estimates: Floats
    """(m,) mean estimate, which stands in for an unknown one."""
    log_tokens: Floats
    """(2, m) mean and standard deviation of log(1 + tokens); NaN where unknown."""
    certainty: Floats
    """(2, m) of certainty; NaN where unknown."""

    @classmethod
    def of(cls, patterns: AnswerPatterns) -> Norms:
        """From the questions that a fusion is fitted on."""
        means = _columns(patterns.estimates)[0]
        return cls(
            estimates=np.where(np.isnan(means), 0.5, means),
            log_tokens=_columns(np.log1p(patterns.tokens)),
            certainty=_columns(patterns.certainty),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateRows:
    """One row per candidate answer, by question and number of the answer."""

    question: Codes
    """(r,) row of the patterns."""
    code: Codes
    """(r,) number of the answer."""
    features: Floats
    """(r, f) NaN = unknown."""


def candidate_rows(patterns: AnswerPatterns, norms: Norms) -> CandidateRows:
    """Rows of all candidates, sorted by question and number."""
    width = int(patterns.codes.max(initial=-1)) + 1
    gave = patterns.codes[:, :, None] == np.arange(width)
    question, code = np.nonzero(gave.any(axis=1))
    mine = gave[question, :, code]
    own = _Own.of(patterns, norms)
    features = np.column_stack(
        [
            *_shared(patterns, own, question, code, mine),
            *_single(own, question, mine),
            *_read(patterns, own, question, mine),
        ]
    )
    return CandidateRows(
        question=question.astype(np.int64), code=code.astype(np.int64), features=features.astype(np.float64)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Own:
    """Per question and expert, (n, m)."""

    estimates: Floats
    weight: Floats
    """Log-odds of a vote."""
    length: Floats
    """Of the answer, in the expert's own standard deviations; NaN = unknown."""
    certainty: Floats
    answered: NDArray[np.bool_]
    asked: NDArray[np.bool_]

    @classmethod
    def of(cls, patterns: AnswerPatterns, norms: Norms) -> _Own:
        asked = patterns.asked
        estimates = np.where(np.isnan(patterns.estimates), norms.estimates, patterns.estimates)
        p = np.clip(estimates, _CLIP, 1 - _CLIP)
        weight = np.log(p * (patterns.options[:, None] - 1) / (1 - p))
        length = _standard(np.log1p(patterns.tokens), norms.log_tokens)
        certainty = _standard(patterns.certainty, norms.certainty)
        return cls(
            estimates,
            weight,
            np.where(asked, length, np.nan),
            np.where(asked, certainty, np.nan),
            patterns.codes > NO_ANSWER,
            asked,
        )


def _shared(
    patterns: AnswerPatterns, own: _Own, question: Codes, code: Codes, mine: NDArray[np.bool_]
) -> list[Floats]:
    """What is said of a candidate without naming experts."""
    n = len(patterns)
    count = mine.sum(axis=1)
    votes, asked = (flags[question].sum(axis=1) for flags in (own.answered, own.asked))
    estimates, weight = own.estimates[question], own.weight[question]
    total = np.where(mine, weight, 0.0).sum(axis=1)
    totals = np.full((n, int(code.max(initial=-1)) + 1), _NONE)
    totals[question, code] = total
    distinct = (totals > _NONE).sum(axis=1)
    highest = np.maximum(totals.max(axis=1, initial=_NONE), 0.0)
    mass = np.exp(totals - highest[:, None])
    unnamed = np.maximum(patterns.options - distinct, 0) * np.exp(-highest)
    posterior = mass[question, code] / (mass.sum(axis=1) + unnamed)[question]
    rivals = totals[question]
    rivals[np.arange(len(code)), code] = _NONE
    margin = np.clip(total - rivals.max(axis=1, initial=_NONE), -30.0, 30.0)
    others = own.answered[question] & ~mine
    held = np.where(own.asked[question], estimates, np.nan)
    return [
        total,
        count,
        count / np.maximum(votes, 1),
        votes,
        asked,
        patterns.options[question],
        patterns.letters[question, code],
        posterior,
        margin,
        distinct[question],
        np.where(mine, estimates, -np.inf).max(axis=1, initial=-np.inf),
        np.where(mine, estimates, np.inf).min(axis=1, initial=np.inf),
        _row_mean(held),
        np.where(own.asked[question], estimates, -np.inf).max(axis=1, initial=-np.inf),
        *(
            _row_mean(np.where(side, values[question], np.nan))
            for values in (own.length, own.certainty)
            for side in (mine, others)
        ),
    ]


def _single(own: _Own, question: Codes, mine: NDArray[np.bool_]) -> list[Floats]:
    """What is said of a candidate expert by expert: (r, m) blocks."""
    asked, answered = own.asked[question], own.answered[question]
    vote = np.where(mine, 1.0, np.where(answered, -1.0, np.where(asked, 0.0, np.nan)))
    side = np.where(mine, 1.0, np.where(answered, -1.0, np.nan))
    return [vote, own.estimates[question], np.where(side == 1.0, own.length[question], np.nan)]


def _read(patterns: AnswerPatterns, own: _Own, question: Codes, mine: NDArray[np.bool_]) -> list[Floats]:
    """Signs in the texts: the mean of those who gave the answer, and of those who gave another."""
    others = own.answered[question] & ~mine
    return [
        _row_mean(np.where(side, patterns.signals[question, :, f], np.nan))
        for f in range(patterns.signals.shape[2])
        for side in (mine, others)
    ]


def _standard(values: Floats, norms: Floats) -> Floats:
    """(n, m) in standard deviations from the expert's mean."""
    result: Floats = (values - norms[0]) / norms[1]
    return result


def _columns(values: Floats) -> Floats:
    """(2, m) mean and standard deviation of what is known in each column; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = np.full(values.shape[1], np.nan)
    np.divide(filled.sum(axis=0), count, out=mean, where=count > 0)
    spread = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    deviation = np.full(values.shape[1], np.nan)
    np.divide(spread, count, out=deviation, where=count > 0)
    return np.stack([mean, np.sqrt(deviation) + 1e-6])


def _row_mean(values: Floats) -> Floats:
    """(r,) mean of what is known in each row; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    mean = np.full(len(values), np.nan)
    np.divide(np.where(known, values, 0.0).sum(axis=1), count, out=mean, where=count > 0)
    return mean
