"""Recorded outcomes as what aggregators see: candidates with their completions, and verdicts scored.

Real aggregators run on them, so a comparison measures the code that a system runs. A verdict scores what
the experts with the same answer scored; gold answers are not needed. Knows no router and no aggregator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experts.completion import Certainty, Completion, Request, Usage, failed
from experts.extraction import canonical
from experts.outcome_table import OutcomeTable
from experts.sampling import SamplingConfig
from experts.verdict import Candidates, Verdict

Floats = NDArray[np.float64]
Texts = Mapping[tuple[str, str], str]
"""(expert, question id) -> what the expert wrote."""


class RecordedCandidates:
    """The first sample of every expert on every question of a table, ready to be fused."""

    def __init__(self, table: OutcomeTable, chances: Floats, texts: Texts | None = None) -> None:
        """Make all completions once.

        Args:
            table: of the pool.
            chances: (n, m) the router's estimates.
            texts: raw outputs; an expert's text is the recorded answer where there is none.
        """
        self.table, self.chances = table, chances
        self._completions = [
            [_completion(table, i, j, texts) for j in range(len(table.experts))]
            for i in range(len(table.queries))
        ]
        self._estimates = [dict(zip(table.experts, map(float, row), strict=True)) for row in chances]
        self.order: NDArray[np.int64] = np.argsort(-chances, axis=1, kind="stable")
        """(n, m) experts, best first."""
        known = table.outcomes.tokens[:, :, 0]
        mean = known[~np.isnan(known)].mean() if not np.isnan(known).all() else np.nan
        self.used: Floats = np.where(np.isnan(known), mean, known)
        """(n, m) completion tokens; unknown ones are taken for the mean of the known."""
        self._scores = [self._by_answer(i) for i in range(len(table.queries))]

    def items(self, sizes: Sequence[int] | int, rows: Sequence[int] | None = None) -> list[Candidates]:
        """Candidates of the best-ranked experts.

        Args:
            sizes: how many each question asks; one number for all.
            rows: questions; None: all.
        """
        picked = range(len(self.table.queries)) if rows is None else rows
        counts = [sizes] * len(picked) if isinstance(sizes, int) else sizes
        return [
            Candidates(
                query=self.table.queries[i],
                completions=tuple(self._completions[i][int(j)] for j in self.order[i, :k]),
                estimates=self._estimates[i],
            )
            for i, k in zip(picked, counts, strict=True)
        ]

    def score(self, verdicts: Sequence[Verdict]) -> Floats:
        """(n,) score in [0, 1] of each verdict; no answer scores 0."""
        return np.array(
            [
                0.0
                if verdict.answer is None
                else self._scores[i].get(canonical(verdict.answer, self.table.queries[i]), 0.0)
                for i, verdict in enumerate(verdicts)
            ]
        )

    def tokens(self, sizes: Sequence[int] | int) -> Floats:
        """(n,) completion tokens of the best-ranked experts; NaN where none are on record."""
        ranked = np.take_along_axis(self.used, self.order, axis=1)
        counts = np.full(len(ranked), sizes) if isinstance(sizes, int) else np.asarray(sizes)
        mask = np.arange(ranked.shape[1]) < counts[:, None]
        total: Floats = np.where(mask, ranked, 0.0).sum(axis=1)
        return total

    def _by_answer(self, i: int) -> dict[str, float]:
        scores: dict[str, float] = {}
        for j, score in enumerate(self.table.outcomes.score[i, :, 0]):
            answer = str(self.table.outcomes.answer[i, j, 0])
            if answer and not np.isnan(score):
                key = canonical(answer, self.table.queries[i])
                scores[key] = max(scores.get(key, 0.0), float(score))
        return scores


def _completion(table: OutcomeTable, i: int, j: int, texts: Texts | None) -> Completion:
    """What an expert answered; an error where it was not run."""
    expert, query, outcomes = table.experts[j], table.queries[i], table.outcomes
    request = Request(
        id=f"{query.id}/{expert}",
        expert=expert,
        query_id=query.id,
        messages=query.messages,
        sampling=SamplingConfig(max_tokens=1),
    )
    if np.isnan(outcomes.score[i, j, 0]):
        return failed(request, f"{expert} was not run on this question.")
    answer = str(outcomes.answer[i, j, 0]) or None
    text = texts.get((expert, query.id)) if texts is not None else None
    tokens, sure = outcomes.tokens[i, j, 0], outcomes.certainty[i, j, 0]
    return Completion(
        request_id=request.id,
        expert=expert,
        query_id=query.id,
        text=text or (f"The answer is {answer}." if answer else "No answer."),
        finish_reason="stop",
        usage=Usage(completion_tokens=0 if np.isnan(tokens) else round(float(tokens))),
        answer=answer,
        certainty=None if np.isnan(sure) else Certainty(mean_logprob=0.0, self_certainty=float(sure)),
    )
