"""A router's estimates of questions that it was not fitted on, which is what a fusion must learn from.

Estimates of fitted questions promise more than those of new ones keep. Knows no aggregator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.outcome_table import OutcomeTable
from routers.config import TrainableConfig
from routers.making import make_router
from routers.training_data import folds

PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """Estimates from routers that were fitted on the other parts."""

    chances: NDArray[np.float64]
    """(n, m) in [0, 1]."""
    parts: NDArray[np.int64]
    """(n,) the part that each question belongs to; equal texts share one."""


def left_out_chances(config: TrainableConfig, table: OutcomeTable) -> LeftOut:
    """Fit the router on four fifths and estimate the fifth left out, in turn.

    Raises:
        RouterError: the kind needs what the table does not have.
    """
    parts = np.asarray(folds([query.routing_text for query in table.queries], PARTS), dtype=np.int64)
    chances = np.empty(table.outcomes.score.shape[:2])
    for part in np.unique(parts):
        out, rest = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        chances[out] = chances_of(config, table.take(rest), table.take(out))
    return LeftOut(chances=chances, parts=parts)


def chances_of(config: TrainableConfig, fitted: OutcomeTable, asked: OutcomeTable) -> NDArray[np.float64]:
    """(n, m) estimates of `asked` by a router fitted on `fitted`, in the order of the table's experts."""
    router = make_router(config).fit(fitted.queries, fitted.outcomes)
    values = [estimate.values for estimate in router.estimate(asked.queries)]
    shape = (len(asked.queries), len(asked.experts))
    return np.asarray(values, dtype=np.float64).reshape(shape)
