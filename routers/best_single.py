"""The expert with the best mean for every query: what routing must beat, and what to fall back to.

With k above 1 it is the fixed top-k. Reads no query.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.config import BestSingleConfig
from routers.estimator import State
from routers.expected_tokens import mean_tokens
from routers.outcome_router import OutcomeRouter
from routers.prediction import Prediction
from routers.training_data import expert_means


class BestSingleRouter(OutcomeRouter):
    """Means of the experts, drawn a little to the pool's.

    Attributes:
        means_: (m,) in (0, 1).
        tokens_: (m,) mean completion tokens, NaN = unknown.
    """

    config: BestSingleConfig
    means_: NDArray[np.float64]
    tokens_: NDArray[np.float64]

    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        self.means_ = expert_means(outcomes.mean_score())
        tokens = mean_tokens(outcomes)
        logged = ~np.isnan(tokens)
        total = np.where(logged, tokens, 0.0).sum(axis=0)
        self.tokens_ = np.full(len(self.means_), np.nan)
        np.divide(total, logged.sum(axis=0), out=self.tokens_, where=logged.any(axis=0))

    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        best = int(np.argmax(self.means_))
        why = f"{self.experts_[best]} is best overall: {100 * self.means_[best]:.1f}% right when profiled."
        return self._predict(queries, generate), [(why,)] * len(queries)

    def _predict(self, queries: Sequence[Query], generate: Generate | None) -> Prediction:
        shape = (len(queries), len(self.means_))
        return Prediction(
            chances=np.broadcast_to(self.means_, shape),
            tokens=np.broadcast_to(self.tokens_, shape),
            novelty=np.full(len(queries), np.nan),
        )

    def _state(self) -> State:
        return {"means": self.means_, "tokens": self.tokens_}

    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        self.means_, self.tokens_ = state["means"], state["tokens"]
