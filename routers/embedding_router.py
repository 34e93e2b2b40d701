"""A router that sees questions as vectors: an encoder, an estimator, and what every estimator needs.

Around the estimator: fits on four fifths that predict the fifth left out, from which chances are
calibrated; expected tokens; how unlike the fitted questions a question is. Knows no kind of estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.encoders.build import build_encoder
from experts.encoders.encoder import Encoder, Vectors
from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.calibration import Calibration
from routers.embedded_config import EmbeddedConfig
from routers.estimator import Chances, Estimator, NarrowsPool, ReadsTexts, State
from routers.expected_tokens import ExpectedTokens, mean_tokens
from routers.novelty import Novelty
from routers.outcome_router import OutcomeRouter
from routers.policies.diversity import error_correlation
from routers.prediction import Prediction
from routers.training_data import TrainingData, folds

FOLDS = 5
"""Parts of the questions that are left out in turn."""


class EmbeddingRouter(OutcomeRouter):
    """Encoder and estimator.

    Args:
        config: of the estimator's kind.
        make_estimator: a fresh, unfitted one; called once a fold.
        encoder: None: built from `config.encoder`.

    Attributes:
        encoder_: the one given or built, fitted.
        estimator_: fitted on all questions.
        calibration_: None where `config.calibrate` is off.
    """

    config: EmbeddedConfig

    encoder_: Encoder
    estimator_: Estimator
    calibration_: Calibration | None
    tokens_: ExpectedTokens
    novelty_: Novelty

    def __init__(
        self,
        config: EmbeddedConfig,
        make_estimator: Callable[[], Estimator],
        *,
        encoder: Encoder | None = None,
    ) -> None:
        super().__init__(config)
        self.make_estimator = make_estimator
        self.encoder = encoder

    def predict_vectors(self, vectors: Vectors) -> Prediction:
        """`predict` for questions that are encoded already, by `encoder_`."""
        chances = self.estimator_.predict(vectors)
        if self.calibration_ is not None:
            chances = self.calibration_.apply([chances])
        if isinstance(self.estimator_, NarrowsPool):
            chances = np.where(self.estimator_.allowed(), chances, 0.0)
        return Prediction(
            chances=chances, tokens=self.tokens_.predict(vectors), novelty=self.novelty_.measure(vectors)
        )

    def explain_vectors(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """Reasons for questions that are encoded already."""
        return self.estimator_.explain(vectors)

    def encode(self, queries: Sequence[Query]) -> Vectors:
        """Vectors of what routers may read of the queries."""
        return self.encoder_.encode([query.routing_text for query in queries])

    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        self.encoder_ = self.encoder or build_encoder(self.config.encoder)
        data, order = training_data(queries, outcomes, self.encoder_)
        left_out = self.learn_vectors(data)
        if left_out is not None:
            self.left_out_ = np.empty_like(left_out)
            self.left_out_[order] = left_out
        self.tokens_ = ExpectedTokens.fit(data.vectors, mean_tokens(outcomes)[order])

    def learn_vectors(self, data: TrainingData) -> Chances | None:
        """Fit all but the encoder and the expected tokens.

        Returns:
            (n, m) calibrated chances of each question from fits without it; None where `config.calibrate`
            is off, which is what they are needed for.
        """
        self.calibration_, left_out = None, None
        if self.config.calibrate:
            raw = cross_fit(self._fresh, data)
            self.calibration_ = Calibration.fit([raw], data.scores)
            left_out = self.calibration_.apply([raw])
            self.error_correlation_ = error_correlation(data.scores, left_out)
        self.estimator_ = self._fresh().fit(data)
        self.novelty_ = Novelty.fit(data.vectors)
        return left_out

    def _fresh(self) -> Estimator:
        return prepared(self.make_estimator(), self.encoder_)

    def _predict(self, queries: Sequence[Query], generate: Generate | None) -> Prediction:
        return self.predict_vectors(self.encode(queries))

    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        vectors = self.encode(queries)
        return self.predict_vectors(vectors), self.explain_vectors(vectors)

    def _is_calibrated(self) -> bool:
        return self.calibration_ is not None

    def _state(self) -> State:
        return {
            "encoder": dict(self.encoder_.state()),
            "estimator": dict(self.estimator_.state()),
            "calibration": None if self.calibration_ is None else self.calibration_.state(),
            "tokens": self.tokens_.state(),
            "novelty": self.novelty_.state(),
        }

    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        self.encoder_ = (self.encoder or build_encoder(self.config.encoder)).restore(state["encoder"])
        self.estimator_ = self.make_estimator().restore(state["estimator"])
        calibration = state["calibration"]
        self.calibration_ = None if calibration is None else Calibration.restore(calibration)
        self.tokens_ = ExpectedTokens.restore(state["tokens"])
        self.novelty_ = Novelty.restore(state["novelty"])


def training_data(
    queries: Sequence[Query], outcomes: OutcomeMatrix, encoder: Encoder
) -> tuple[TrainingData, NDArray[np.int64]]:
    """Fit the encoder on the questions and encode them.

    Args:
        queries: in the order of the outcomes.
        outcomes: scores and subjects.
        encoder: is fitted here.

    Returns:
        The data in the order of the texts, so that the order of the questions does not matter to what
        starts from drawn rows; and the place of each of its rows among the queries.
    """
    texts = [query.routing_text for query in queries]
    order = np.array(sorted(range(len(texts)), key=lambda i: (texts[i], queries[i].id)), dtype=np.int64)
    in_order = tuple(texts[i] for i in order)
    data = TrainingData(
        vectors=encoder.fit(in_order).encode(in_order),
        scores=outcomes.mean_score()[order],
        experts=outcomes.experts,
        subjects=tuple(outcomes.subjects[i] for i in order) if outcomes.subjects else ("",) * len(texts),
        texts=in_order,
    )
    return data, order


def prepared(estimator: Estimator, encoder: Encoder) -> Estimator:
    """The estimator, with its own texts encoded where it has any."""
    if isinstance(estimator, ReadsTexts):
        estimator.fit_texts(encoder.encode(estimator.texts_to_encode()))
    return estimator


def cross_fit(make: Callable[[], Estimator], data: TrainingData) -> Chances:
    """(n, m) chances of every question from a fit on the folds that it is not in.

    Folds are by the text's hash, so that repeated questions are left out together.
    """
    fold = folds(data.texts, FOLDS)
    chances = np.empty(data.scores.shape)
    for f in range(FOLDS):
        left_out = np.flatnonzero(fold == f)
        rest = np.flatnonzero(fold != f)
        if len(left_out) == 0:
            continue
        # A handful of questions may all share a fold, or leave nothing that was run.
        usable = len(rest) > 0 and not np.isnan(data.scores[rest]).all()
        chances[left_out] = make().fit(data.take(rest) if usable else data).predict(data.vectors[left_out])
    return chances
