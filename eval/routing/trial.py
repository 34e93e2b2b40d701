"""One router fitted once and asked once: what it predicts, how long it took and how large it is.

Times are of this process on this machine. Knows no policy and no score.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from experts.encoders.build import build_encoder
from experts.encoders.config import EncoderConfig, LexicalEncoderConfig
from experts.outcome_table import OutcomeTable
from experts.query import Query
from routers.config import TrainableConfig
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
    """Encoding left out where the encoder's vectors were in the cache."""
    microseconds: float
    """Per query to predict from vectors, all at once; from texts where the router has no vectors."""
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
    prediction, seconds = timed_prediction(router, asked)
    return Trial(
        router=router,
        prediction=prediction,
        fit_seconds=fit_seconds,
        microseconds=seconds / len(asked.queries) * 1e6,
        saved_bytes=saved_bytes(router),
    )


@runtime_checkable
class SeesVectors(Protocol):
    """A router whose encoding of questions can be done apart."""

    def encode(self, queries: Sequence[Query]) -> Any:
        """Vectors in the router's own form."""
        ...

    def predict_vectors(self, vectors: Any) -> Prediction:
        """Predictions from these."""
        ...


def timed_prediction(router: Router, asked: OutcomeTable) -> tuple[Prediction, float]:
    """Predictions and the seconds that they took, without the encoding of questions."""
    work = partial(predict, router, asked)
    if isinstance(router, SeesVectors):
        work = partial(router.predict_vectors, router.encode(asked.queries))
    started = time.perf_counter()
    prediction = work()
    return prediction, time.perf_counter() - started


def encoding_microseconds(config: EncoderConfig, texts: Sequence[str]) -> float:
    """Microseconds per text to encode some texts anew; loading and fitting are left out."""
    fresh = config if isinstance(config, LexicalEncoderConfig) else config.model_copy(update={"cache": False})
    encoder = build_encoder(fresh).fit(texts)
    encoder.encode(texts[:8])  # a pretrained model is loaded by its first use
    started = time.perf_counter()
    encoder.encode(texts)
    return (time.perf_counter() - started) / len(texts) * 1e6


def predict(router: Router, asked: OutcomeTable) -> Prediction:
    """Arrays of any router; those that give only estimates are asked for these."""
    if isinstance(router, OutcomeRouter):
        return router.predict(asked.queries)
    return Prediction.stacked(router.estimate(asked.queries))


def saved_bytes(router: Router) -> int:
    """Size of the router's folder."""
    with tempfile.TemporaryDirectory() as folder:
        save_trained(router, Path(folder) / "router")
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
