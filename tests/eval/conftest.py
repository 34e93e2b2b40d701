"""A recorded pool of three experts, each good at one subject, with questions that tell the subject."""

from __future__ import annotations

import numpy as np
import pytest

from experts.expert_facts import ExpertFacts
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query

EXPERTS = ("ann", "bob", "cyd")
SUBJECTS = ("rivers", "sums", "laws")
WORDS = {
    "rivers": "river water delta flows mouth source",
    "sums": "sum number total plus minus digits",
    "laws": "court statute contract party judge duty",
}
N = 360


@pytest.fixture(scope="session")
def recorded_pool() -> OutcomeTable:
    """360 questions; each expert is right on 85% of its own subject and on 40% of the others."""
    rng = np.random.default_rng(7)
    subject = rng.integers(3, size=N)
    queries, score = [], np.zeros((N, 3))
    for i, s in enumerate(subject):
        words = rng.permutation(WORDS[SUBJECTS[s]].split())[:4]
        queries.append(
            Query.from_text(f"{' '.join(words)} {i}?", id=f"q{i}", choices=["red", "blue", "lime"])
        )
        score[i] = rng.random(3) < np.where(np.arange(3) == s, 0.85, 0.4)
    wrong = np.where(rng.random((N, 3)) < 0.5, "B", "C")
    matrix = OutcomeMatrix(
        question_ids=tuple(q.id for q in queries),
        experts=EXPERTS,
        score=score[:, :, None],
        answer=np.where(score > 0, "A", wrong)[:, :, None],
        tokens=np.where(score > 0, 10.0, 20.0)[:, :, None],
        seconds=np.full((N, 3, 1), np.nan),
        cost_usd=np.full((N, 3, 1), np.nan),
        certainty=np.full((N, 3, 1), np.nan),
        subjects=tuple(SUBJECTS[s] for s in subject),
    )
    splits = tuple(("train", "validation", "test")[i % 3] for i in range(N))
    facts = {
        name: ExpertFacts(parameters_b=float(i + 1), description=f"knows {SUBJECTS[i]}")
        for i, name in enumerate(EXPERTS)
    }
    return OutcomeTable(queries=tuple(queries), splits=splits, outcomes=matrix, facts=facts)
