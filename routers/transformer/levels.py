"""What the network is taught, and how its outputs become chances: per query, or by subject.

Bench-CoE (arXiv 2412.04167) has both: a classifier over experts, for which it takes squared error on
raw outputs, and one over subjects with a table of the best expert in each. Here the first is taught
by the likelihood of right and wrong, and the table holds chances, weighed by the subject's
probability. Knows no network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from experts.errors import RouterError
from routers.group_accuracy import GroupAccuracy, one_hot
from routers.likelihood import Array
from routers.training_data import Scores, expert_means

_PRIOR_QUESTIONS = 10.0
"""What an expert's expected accuracy in a subject is worth against the counts, in questions."""


@dataclass(frozen=True, eq=False)
class QueryLevel:
    """Outputs are experts."""

    targets: Scores
    """(n, m); NaN = not run."""
    bias: Array
    """(m,) logits of the classifier before training."""

    @classmethod
    def of(cls, scores: Scores) -> QueryLevel:
        """From the scores of a fit."""
        from scipy.special import logit

        return cls(targets=scores, bias=logit(expert_means(scores)))

    def loss(self, logits: Any, targets: Any) -> Any:
        """Mean binary cross-entropy over the cells that were run; tensors of shape (batch, m)."""
        import torch

        run = ~torch.isnan(targets)
        total = torch.nn.functional.binary_cross_entropy_with_logits(
            logits[run], targets[run], reduction="sum"
        )
        return total / run.sum().clamp(min=1)

    def chances(self, logits: Array) -> Array:
        """(n, m) from logits (n, m)."""
        from scipy.special import expit

        chances: Array = expit(logits)
        return chances


@dataclass(frozen=True, eq=False)
class SubjectLevel:
    """Outputs are subjects, in alphabetical order."""

    targets: Array
    """(n, subjects) 0 or 1; NaN = unknown."""
    bias: Array
    """(subjects,) logits of the classifier before training."""
    subjects: tuple[str, ...]
    table: Array
    """(subjects, m) chances."""

    @classmethod
    def of(cls, subjects: tuple[str, ...], scores: Scores) -> SubjectLevel:
        """From the subjects and scores of a fit.

        Raises:
            RouterError: no question has a subject.
        """
        names = tuple(sorted({name for name in subjects if name}))
        if not names:
            raise RouterError(
                "The transformer router of level `subject` needs outcomes with subjects, and here none has "
                "one: import a matrix with subjects, or set `level: query`."
            )
        labels = np.array([names.index(name) if name else -1 for name in subjects], dtype=np.int64)
        membership = one_hot(labels, len(names))
        share = np.log((membership.sum(axis=0) + 1.0) / (membership.sum() + len(names)))
        table = GroupAccuracy.count(membership, scores).shrunk(_PRIOR_QUESTIONS)
        targets = np.where(labels[:, None] >= 0, membership, np.nan)
        return cls(targets=targets, bias=share, subjects=names, table=table)

    def loss(self, logits: Any, targets: Any) -> Any:
        """Mean cross-entropy over the questions with a subject; tensors of shape (batch, subjects)."""
        import torch

        known = ~torch.isnan(targets[:, 0])
        total = torch.nn.functional.cross_entropy(logits[known], targets[known], reduction="sum")
        return total / known.sum().clamp(min=1)

    def chances(self, logits: Array) -> Array:
        """(n, m) from logits (n, subjects)."""
        from scipy.special import softmax

        chances: Array = softmax(logits, axis=1) @ self.table
        return chances


Level = QueryLevel | SubjectLevel
