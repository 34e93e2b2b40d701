"""What a router must beat: rules that read no question, or only its gold subject.

Recomputed in every run on the same questions. Knows no router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.routing.recorded_vote import Array, RecordedAnswers, vote_scores
from experts.outcome_table import OutcomeTable
from routers.training_data import expert_means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Floor:
    """One rule on the test questions."""

    name: str
    scores: Array
    """(n,) in [0, 1]."""
    chosen: Sequence[tuple[int, ...]]
    """Per question the experts asked; empty for the oracle, whom nobody can ask."""


def floors(fitted: OutcomeTable, test: OutcomeTable) -> list[Floor]:
    """All rules, learned from `fitted` and scored on `test`.

    Best single expert; fixed top-3 and top-5 under a log-odds vote of their means; best expert per gold
    subject, where subjects are known; an expert by chance (its expectation); the oracle: whether any
    expert was right.
    """
    means = expert_means(fitted.outcomes.mean_score())
    order = np.argsort(-means, kind="stable")
    n, m = len(test.queries), len(test.experts)
    recorded = RecordedAnswers.of(test)
    chances = np.broadcast_to(means, (n, m))
    found = [_fixed("best single", recorded, chances, order[:1])]
    found += [_fixed(f"fixed top-{k} vote", recorded, chances, order[:k]) for k in (3, 5) if k <= m]
    if fitted.outcomes.subjects and test.outcomes.subjects:
        found.append(_best_per_subject(fitted, test, recorded))
    everybody = [tuple(range(m))] * n
    found.append(
        Floor(name="random", scores=recorded.scores.mean(axis=1), chosen=[(i,) for i in _turns(n, m)])
    )
    found.append(
        Floor(name="vote of all", scores=vote_scores(recorded, chances, everybody), chosen=everybody)
    )
    found.append(Floor(name="oracle", scores=recorded.scores.max(axis=1), chosen=[]))
    return found


def _fixed(name: str, recorded: RecordedAnswers, chances: Array, picks: NDArray[np.int64]) -> Floor:
    chosen = [tuple(int(i) for i in picks)] * len(recorded.codes)
    return Floor(name=name, scores=vote_scores(recorded, chances, chosen), chosen=chosen)


def _best_per_subject(fitted: OutcomeTable, test: OutcomeTable, recorded: RecordedAnswers) -> Floor:
    scores = fitted.outcomes.mean_score()
    overall = int(np.argmax(expert_means(scores)))
    subjects = np.array(fitted.outcomes.subjects)
    best = {s: int(np.argmax(expert_means(scores[subjects == s]))) for s in sorted(set(subjects))}
    chosen = [(best.get(s, overall),) for s in test.outcomes.subjects]
    picks = np.array([c[0] for c in chosen], dtype=np.int64)
    return Floor(
        name="best per gold subject", scores=recorded.scores[np.arange(len(picks)), picks], chosen=chosen
    )


def _turns(n: int, m: int) -> Sequence[int]:
    """Every expert in turn, for the cost of asking by chance."""
    return [i % m for i in range(n)]
