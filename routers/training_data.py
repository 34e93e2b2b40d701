"""What an estimator learns from: vectors of questions and the scores of experts on them.

Cells that were not run are NaN; estimators that cannot do without take `filled`. Knows no texts but
those shown to people, no encoder and no estimator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors

Scores = NDArray[np.float64]
"""(n, m) in [0, 1]; NaN = not run."""

_PRIOR_QUESTIONS = 2.0
"""What the pool's mean is worth, in questions, as the prior of an expert's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Profiled questions in the form that estimators learn from."""

    vectors: Vectors
    """(n, d) float32, rows of length 1."""
    scores: Scores
    """(n, m) mean scores; NaN = not run."""
    experts: tuple[str, ...]
    """(m) names."""
    subjects: tuple[str, ...]
    """(n) coarse fields; "" = unknown."""
    texts: tuple[str, ...]
    """(n) what routers may read of the questions, for folds and for reasons in words."""

    def take(self, rows: NDArray[np.int64]) -> TrainingData:
        """The data of some questions, in the order given."""
        return TrainingData(
            vectors=self.vectors[rows],
            scores=self.scores[rows],
            experts=self.experts,
            subjects=tuple(self.subjects[int(i)] for i in rows),
            texts=tuple(self.texts[int(i)] for i in rows),
        )


def expert_means(scores: Scores) -> NDArray[np.float64]:
    """(m,) mean of each expert in (0, 1), drawn a little to the pool's; that alone if it never ran."""
    run = ~np.isnan(scores)
    right = np.where(run, scores, 0.0).sum(axis=0)
    size = run.sum(axis=0)
    pool = (right.sum() + 1.0) / (size.sum() + 2.0)
    means: NDArray[np.float64] = (right + _PRIOR_QUESTIONS * pool) / (size + _PRIOR_QUESTIONS)
    return means


def filled(scores: Scores) -> Scores:
    """`scores` without NaN: the expert's mean, moved by how the others did on the question.

    An additive model of expert and question, clipped to [0, 1]: a question that the others found
    hard was probably hard for who was not asked. Where nobody was asked, the experts' means.
    """
    run = ~np.isnan(scores)
    if run.all():
        return scores
    means = expert_means(scores)
    count = run.sum(axis=1)
    ease = np.where(run, scores - means, 0.0).sum(axis=1) / (count + 1.0)
    guess = np.clip(means + ease[:, None], 0.0, 1.0)
    result: Scores = np.where(run, scores, guess)
    return result


def text_hash(text: str) -> int:
    """Hash of the normalised text (lower case, single spaces), equal in every process."""
    normal = " ".join(text.lower().split())
    return int.from_bytes(hashlib.sha256(normal.encode()).digest()[:8], "big")


def folds(texts: Sequence[str], count: int) -> NDArray[np.int64]:
    """(n,) fold of each question, by a hash of its text, so that repeated questions share one."""
    return np.array([text_hash(text) % count for text in texts], dtype=np.int64)
