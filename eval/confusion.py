"""How experts are confused: by the router, and with each other when they err.

Matrices from an evaluation; draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compound.answer import Answer
from experts.outcomes import OutcomeMatrix


@dataclass(frozen=True, eq=False, kw_only=True)
class Confusion:
    """Shares in [0, 1] by pairs of experts; NaN where there is no question to count."""

    experts: tuple[str, ...]
    """(m) names."""
    first: NDArray[np.int64]
    """(m,) questions on which the router ranked the expert first."""
    right_when_first: NDArray[np.float64]
    """(m, m): where the row's expert was ranked first, how often the column's is right. A column
    above the diagonal of its row is an expert that the router should have preferred."""
    same_mistake: NDArray[np.float64]
    """(m, m): where both are wrong, how often they say the same. Votes suffer from it."""


def confusion(answers: Sequence[Answer], outcomes: OutcomeMatrix) -> Confusion:
    """Count over the questions of an evaluation.

    Args:
        answers: (n) of the system, for whom the router ranked first.
        outcomes: of the whole pool on the same questions; the first sample counts.
    """
    names = outcomes.experts
    score, said = outcomes.score[:, :, 0], outcomes.answer[:, :, 0]
    first = np.array([names.index(a.decision.ranked[0]) for a in answers])
    right = np.nan_to_num(score, nan=0.0)
    wrong = (score == 0.0) & (said != "")
    both = wrong[:, :, None] & wrong[:, None, :]
    same = both & (said[:, :, None] == said[:, None, :])
    m = len(names)
    sums = np.zeros((m, m))
    np.add.at(sums, first, right)
    counts = np.bincount(first, minlength=m)
    return Confusion(
        experts=names,
        first=counts,
        right_when_first=_share(sums, np.repeat(counts[:, None], m, axis=1)),
        same_mistake=_share(same.sum(axis=0), both.sum(axis=0)),
    )


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    found = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found
