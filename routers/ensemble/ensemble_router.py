"""The ensemble router: members are fitted apart and stacked on out-of-fold estimates (Wolpert 1992).

Each member predicts the questions of the folds that it was not fitted on; a logistic regression per
expert, drawn to one for the whole pool, learns from these how much each member's view of the question
and of the expert's lead is worth (`routers.calibration`). Its estimates are therefore calibrated. Knows
no kind of estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from experts.encoders.build import build_encoder
from experts.encoders.config import EncoderConfig
from experts.encoders.encoder import Encoder, Vectors
from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.calibration import Calibration
from routers.embedded_config import EmbeddedConfig
from routers.embedding_router import cross_fit, prepared, training_data
from routers.ensemble.config import EnsembleConfig
from routers.estimator import Chances, Estimator, State
from routers.expected_tokens import ExpectedTokens, mean_tokens
from routers.novelty import Novelty
from routers.outcome_router import OutcomeRouter
from routers.policies.diversity import error_correlation
from routers.prediction import Prediction
from routers.training_data import TrainingData

Encoded = dict[int, Vectors]
"""Vectors by the position of the encoder."""


class EnsembleRouter(OutcomeRouter):
    """Several estimators as one.

    Args:
        config: the members.
        make_estimator: from a member's configuration to a fresh estimator.
        build: from the configuration of an encoder to the encoder.

    Attributes:
        encoders_: distinct ones, in the order in which members name them.
        members_: fitted estimators.
        stacking_: weights of the members for every expert.
    """

    config: EnsembleConfig

    encoders_: list[Encoder]
    members_: list[Estimator]
    stacking_: Calibration
    tokens_: ExpectedTokens
    novelty_: Novelty

    def __init__(
        self,
        config: EnsembleConfig,
        make_estimator: Callable[[EmbeddedConfig], Estimator],
        *,
        build: Callable[[EncoderConfig], Encoder] = build_encoder,
    ) -> None:
        super().__init__(config)
        self.make_estimator = make_estimator
        self.build = build
        self._encoder_of = [_distinct(config).index(member.encoder) for member in config.members]

    def encode(self, queries: Sequence[Query]) -> Encoded:
        """Vectors of the queries by every encoder."""
        texts = [query.routing_text for query in queries]
        return {i: encoder.encode(texts) for i, encoder in enumerate(self.encoders_)}

    def predict_vectors(self, encoded: Encoded) -> Prediction:
        """`predict` for questions that are encoded already, by `encode`."""
        chances = [
            member.predict(encoded[i]) for member, i in zip(self.members_, self._encoder_of, strict=True)
        ]
        return Prediction(
            chances=self.stacking_.apply(chances),
            tokens=self.tokens_.predict(encoded[0]),
            novelty=self.novelty_.measure(encoded[0]),
        )

    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        encoders = [self.build(config) for config in _distinct(self.config)]
        data, order = training_data(queries, outcomes, encoders[0])
        by_encoder = [data]
        for encoder in encoders[1:]:
            by_encoder.append(replace(data, vectors=encoder.fit(data.texts).encode(data.texts)))
        self.encoders_ = encoders
        left_out = self._learn_members(by_encoder)
        self.left_out_ = np.empty_like(left_out)
        self.left_out_[order] = left_out
        self.tokens_ = ExpectedTokens.fit(data.vectors, mean_tokens(outcomes)[order])
        self.novelty_ = Novelty.fit(data.vectors)

    def _learn_members(self, by_encoder: Sequence[TrainingData]) -> Chances:
        """Fit and stack the members; chances of each question from fits without it."""
        out_of_fold: list[Chances] = []
        self.members_ = []
        for config, i in zip(self.config.members, self._encoder_of, strict=True):
            fresh = partial(self._fresh, config, self.encoders_[i])
            out_of_fold.append(cross_fit(fresh, by_encoder[i]))
            self.members_.append(fresh().fit(by_encoder[i]))
        scores = by_encoder[0].scores
        self.stacking_ = Calibration.fit(out_of_fold, scores)
        left_out = self.stacking_.apply(out_of_fold)
        self.error_correlation_ = error_correlation(scores, left_out)
        return left_out

    def _fresh(self, config: EmbeddedConfig, encoder: Encoder) -> Estimator:
        return prepared(self.make_estimator(config), encoder)

    def _predict(self, queries: Sequence[Query], generate: Generate | None) -> Prediction:
        return self.predict_vectors(self.encode(queries))

    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        encoded = self.encode(queries)
        return self.predict_vectors(encoded), self.explain_vectors(encoded, len(queries))

    def explain_vectors(self, encoded: Encoded, count: int) -> list[tuple[str, ...]]:
        """Reasons for so many questions that are encoded already, by `encode`."""
        weights = self.stacking_.weights().mean(axis=0)
        shown = [
            (config.kind, weight, member.explain(encoded[i]))
            for config, weight, member, i in zip(
                self.config.members, weights, self.members_, self._encoder_of, strict=True
            )
        ]
        shown.sort(key=lambda item: -item[1])
        return [
            tuple(
                f"{kind} (weight {weight:.2f}): {sentence}"
                for kind, weight, reasons in shown[:_SHOWN]
                for sentence in reasons[row][:_SENTENCES]
            )
            for row in range(count)
        ]

    def _state(self) -> State:
        return {
            "encoders": [dict(encoder.state()) for encoder in self.encoders_],
            "members": [dict(member.state()) for member in self.members_],
            "stacking": self.stacking_.state(),
            "tokens": self.tokens_.state(),
            "novelty": self.novelty_.state(),
        }

    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        distinct = _distinct(self.config)
        self.encoders_ = [
            self.build(config).restore(saved)
            for config, saved in zip(distinct, state["encoders"], strict=True)
        ]
        self.members_ = [
            self.make_estimator(config).restore(saved)
            for config, saved in zip(self.config.members, state["members"], strict=True)
        ]
        self.stacking_ = Calibration.restore(state["stacking"])
        self.tokens_ = ExpectedTokens.restore(state["tokens"])
        self.novelty_ = Novelty.restore(state["novelty"])


_SHOWN = 3
"""Members whose reasons are shown, those that weigh most."""
_SENTENCES = 2
"""Sentences shown of each."""


def _distinct(config: EnsembleConfig) -> list[EncoderConfig]:
    """Encoders of the members, each once."""
    found: list[EncoderConfig] = []
    for member in config.members:
        if member.encoder not in found:
            found.append(member.encoder)
    return found
