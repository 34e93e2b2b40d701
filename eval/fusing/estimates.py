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
from routers.router import Router
from routers.training_data import folds

Chances = NDArray[np.float64]
PARTS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """Estimates from routers that were fitted on the other parts."""

    chances: NDArray[np.float64]
    """(n, m) in [0, 1]."""
    parts: NDArray[np.int64]
    """(n,) the part that each question belongs to; equal texts share one."""


def router_estimates(
    config: TrainableConfig, fitted: OutcomeTable, asked: OutcomeTable
) -> tuple[LeftOut, Chances]:
    """Estimates of the questions that a router is fitted on, left out in turn, and of others.

    Most kinds make the former while they are fitted; else the router is fitted on four fifths for each
    fifth left out.

    Args:
        config: of the router.
        fitted: what it is fitted on.
        asked: of the same pool; may be empty.

    Returns:
        The left-out estimates of `fitted`, and (n, m) estimates of `asked`.

    Raises:
        RouterError: the kind needs what the table does not have.
    """
    router = make_router(config).fit(fitted.queries, fitted.outcomes)
    parts = np.asarray(folds([query.routing_text for query in fitted.queries], PARTS), dtype=np.int64)
    chances = getattr(router, "left_out_", None)
    if chances is None:
        chances = np.empty(fitted.outcomes.score.shape[:2])
        for part in np.unique(parts):
            out, rest = fitted.take(np.flatnonzero(parts == part)), fitted.take(np.flatnonzero(parts != part))
            partial = make_router(config).fit(rest.queries, rest.outcomes)
            chances[parts == part] = _estimates(partial, out)
    return LeftOut(chances=np.clip(chances, 0.0, 1.0), parts=parts), _estimates(router, asked)


def _estimates(router: Router, asked: OutcomeTable) -> Chances:
    values = [estimate.values for estimate in router.estimate(asked.queries)]
    shape = (len(asked.queries), len(asked.experts))
    return np.clip(np.asarray(values, dtype=np.float64).reshape(shape), 0.0, 1.0)
