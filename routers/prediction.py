"""What a router predicts for a batch, as arrays: the form that policies and benchmarks work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routers.router import Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """Of n queries and m experts."""

    chances: Array
    """(n, m) the probability of a right answer, in (0, 1); a score without a unit where not calibrated."""
    tokens: Array
    """(n, m) expected completion tokens; NaN = unknown."""
    novelty: Array
    """(n,) share of the fitted questions that were less unlike the rest, in [0, 1]; NaN = unknown."""

    @classmethod
    def of_chances(cls, chances: Array) -> Prediction:
        """Chances (n, m) alone, the rest unknown."""
        unknown = np.full(chances.shape, np.nan)
        return cls(chances=chances, tokens=unknown, novelty=np.full(len(chances), np.nan))

    @classmethod
    def stacked(cls, estimates: Sequence[Estimate]) -> Prediction:
        """The arrays of estimates; at least one."""
        m = len(estimates[0].values)
        unknown = np.full(m, np.nan)
        return cls(
            chances=np.array([e.values for e in estimates]),
            tokens=np.array([unknown if e.tokens is None else e.tokens for e in estimates]),
            novelty=np.array([e.novelty for e in estimates]),
        )
