"""How often each expert is right in each group of questions, with little evidence kept modest.

Groups may be clusters, subjects or domains, and hold questions wholly or in part. Knows no vectors
and no texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routers.training_data import Scores, expert_means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupAccuracy:
    """Counts per group and expert; questions that were not run count nowhere."""

    right: NDArray[np.float64]
    """(g, m) sum of scores."""
    run: NDArray[np.float64]
    """(g, m) questions that were run."""
    means: NDArray[np.float64]
    """(m,) each expert's mean over all groups, in (0, 1)."""

    @classmethod
    def count(cls, membership: NDArray[np.float64], scores: Scores) -> GroupAccuracy:
        """From memberships (n, g) in [0, 1] and scores (n, m) with NaN = not run."""
        ran = ~np.isnan(scores)
        return cls(
            right=membership.T @ np.where(ran, scores, 0.0),
            run=membership.T @ ran.astype(np.float64),
            means=expert_means(scores),
        )

    def shrunk(self, prior_questions: float) -> NDArray[np.float64]:
        """(g, m) accuracies in (0, 1), drawn to what is expected without looking at the cell.

        Expected is the expert's mean, moved by how hard the group is for the pool as a whole:
        the group's ease rests on the runs of all experts and so needs little shrinkage itself.

        Args:
            prior_questions: what the expectation is worth, in questions.
        """
        total = self.run.sum(axis=1)
        surplus = (self.right - self.run * self.means).sum(axis=1)
        ease = surplus / (total + prior_questions + 1.0)
        expected = np.clip(self.means + ease[:, None], 0.01, 0.99)
        weight = prior_questions + 1e-9
        table: NDArray[np.float64] = (self.right + weight * expected) / (self.run + weight)
        return table

    def sentence(self, group: int, expert: int, experts: Sequence[str]) -> str:
        """Such as "gemma right on 41 of 52", without a full stop."""
        right, run = self.right[group, expert], self.run[group, expert]
        return f"{experts[expert]} right on {right:.3g} of {run:.0f}"


def one_hot(labels: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """(n, g) membership of questions that are each in one group; label -1 = in none."""
    membership = np.zeros((len(labels), groups))
    known = np.flatnonzero(labels >= 0)
    membership[known, labels[known]] = 1.0
    return membership
