"""One router fitted once and asked once: what it predicts, how long it took and how large it is.

Times are of this process on this machine. Knows no policy and no score.
"""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from experts.outcome_table import OutcomeTable
from routers.config import TrainableConfig
from routers.embedding_router import EmbeddingRouter
from routers.ensemble.ensemble_router import EnsembleRouter
from routers.making import make_router
from routers.outcome_router import OutcomeRouter
from routers.prediction import Prediction
from routers.router import Router
from routers.trained import save_trained

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A fitted router and its predictions."""

    router: Router
    prediction: Prediction
    fit_seconds: float
    """Encoding of the fitted questions included, unless it was in the cache."""
    microseconds: float
    """Per query to predict, encoding included, unless it was in the cache."""
    microseconds_encoded: float | None
    """Per query to predict from vectors; None where the router has none."""
    saved_bytes: int
    """On disk."""


def try_router(config: TrainableConfig, fitted: OutcomeTable, asked: OutcomeTable) -> Trial:
    """Fit on one table and predict another.

    Raises:
        RouterError: the kind needs what the table does not have, such as subjects.
    """
    router = make_router(config)
    started = time.perf_counter()
    router.fit(fitted.queries, fitted.outcomes)
    fit_seconds = time.perf_counter() - started
    _LOG.info("%s fitted in %.1f s.", config.kind, fit_seconds)
    started = time.perf_counter()
    prediction = predict(router, asked)
    per_query = (time.perf_counter() - started) / len(asked.queries) * 1e6
    return Trial(
        router=router,
        prediction=prediction,
        fit_seconds=fit_seconds,
        microseconds=per_query,
        microseconds_encoded=_encoded_time(router, asked),
        saved_bytes=saved_bytes(router),
    )


def predict(router: Router, asked: OutcomeTable) -> Prediction:
    """Arrays of any router; those that give only estimates are asked for these."""
    if isinstance(router, OutcomeRouter):
        return router.predict(asked.queries)
    return Prediction.stacked(router.estimate(asked.queries))


def _encoded_time(router: Router, asked: OutcomeTable) -> float | None:
    """Microseconds per query to predict from vectors, all at once."""
    if isinstance(router, EmbeddingRouter):
        vectors = router.encode(asked.queries)
        started = time.perf_counter()
        router.predict_vectors(vectors)
    elif isinstance(router, EnsembleRouter):
        encoded = router.encode(asked.queries)
        started = time.perf_counter()
        router.predict_vectors(encoded)
    else:
        return None
    return (time.perf_counter() - started) / len(asked.queries) * 1e6


def saved_bytes(router: Router) -> int:
    """Size of the router's folder."""
    with tempfile.TemporaryDirectory() as folder:
        save_trained(router, Path(folder) / "router")
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
