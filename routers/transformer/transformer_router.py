"""A fine-tuned transformer as router: it reads the question and says who will be right.

After Bench-CoE (arXiv 2412.04167), which trains ten epochs without questions left out; here these
stop the training and calibrate. What is taught is in `.levels`, how in `.training`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experts.engine import Generate
from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.calibration import Calibration
from routers.estimator import State
from routers.likelihood import Array
from routers.outcome_router import OutcomeRouter
from routers.policies.diversity import error_correlation
from routers.prediction import Prediction
from routers.ranking import ranking
from routers.router import fitted_experts
from routers.training_data import folds, text_hash
from routers.transformer.config import TransformerConfig
from routers.transformer.levels import Level, QueryLevel, SubjectLevel
from routers.transformer.network import Network
from routers.transformer.training import train

_FOLDS = 10
"""One in so many questions is left out of training, to stop it and to calibrate."""
_LEAST_TO_CALIBRATE = 50
"""Questions left out; with fewer, chances stay as the network gives them, and are not called calibrated."""
_EXPLAINED = 3
"""Experts, best first, that the reasons speak of."""
_NETWORK = "network"
"""Folder of the network inside the router's."""


class TransformerRouter(OutcomeRouter):
    """A classifier of texts, trained on outcomes. Its fit logs a line per epoch.

    Args:
        config: model, level and training.

    Attributes:
        network_: the trained network.
        level_: what its outputs mean.
        calibration_: of chances on questions left out; None where those were too few.
    """

    config: TransformerConfig

    network_: Network
    level_: Level
    calibration_: Calibration | None

    def save(self, folder: Path) -> None:
        """Write the network (safetensors) and the rest; the folder then needs no other model.

        Raises:
            RouterNotFittedError: nothing was learned yet.
            ConfigError: the folder cannot be written.
        """
        fitted_experts(self, self.kind)
        try:
            self.network_.save(folder / _NETWORK)
        except OSError as error:
            raise ConfigError(f"The router cannot be written to {folder}: {error.strerror}.") from error
        super().save(folder)

    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        order = sorted(range(len(queries)), key=lambda i: (text_hash(queries[i].routing_text), queries[i].id))
        matrix = outcomes.take(order)
        texts = [queries[i].routing_text for i in order]
        scores, config = matrix.mean_score(), self.config
        by_query = config.level == "query"
        level = QueryLevel.of(scores) if by_query else SubjectLevel.of(matrix.subjects, scores)
        network = Network.load(
            config.model,
            revision=config.revision,
            bias=level.bias,
            max_tokens=config.max_tokens,
            device=config.device,
        )
        tokens, _ = network.tokens(texts)
        held_out = folds(texts, _FOLDS) == 0
        if held_out.all():
            held_out[:] = False
        train(network, tokens, level, held_out, config)
        self.network_, self.level_, self.calibration_ = network, level, None
        if held_out.sum() >= _LEAST_TO_CALIBRATE:
            left_out = [tokens[int(i)] for i in np.flatnonzero(held_out)]
            self._calibrate(level.chances(network.logits(left_out)), scores[held_out])

    def _calibrate(self, chances: Array, scores: Array) -> None:
        self.calibration_ = Calibration.fit([chances], scores)
        self.error_correlation_ = error_correlation(scores, self.calibration_.apply([chances]))

    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        tokens, cut = self.network_.tokens([query.routing_text for query in queries])
        logits = self.network_.logits(tokens)
        chances = self.level_.chances(logits)
        if self.calibration_ is not None:
            chances = self.calibration_.apply([chances])
        reasons = [
            self._reasons(row, outputs, long) for row, outputs, long in zip(chances, logits, cut, strict=True)
        ]
        return Prediction.of_chances(chances), reasons

    def _is_calibrated(self) -> bool:
        return self.calibration_ is not None

    def _state(self) -> State:
        level = self.level_
        return {
            "level": self.config.level,
            "calibration": None if self.calibration_ is None else self.calibration_.state(),
            "subjects": list(level.subjects) if isinstance(level, SubjectLevel) else [],
            "table": level.table if isinstance(level, SubjectLevel) else np.zeros((0, 0)),
        }

    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        if state["level"] != self.config.level:
            raise ConfigError(
                f"The router at {folder} is of level {state['level']!r}, not {self.config.level!r}."
            )
        self.network_ = Network.load_saved(
            folder / _NETWORK, max_tokens=self.config.max_tokens, device=self.config.device
        )
        nothing: Array = np.zeros((0, self.network_.head.out_features))
        if self.config.level == "query":
            self.level_ = QueryLevel(targets=nothing, bias=nothing)
        else:
            subjects = tuple(state["subjects"])
            self.level_ = SubjectLevel(targets=nothing, bias=nothing, subjects=subjects, table=state["table"])
        kept = state["calibration"]
        self.calibration_ = None if kept is None else Calibration.restore(kept)

    def _reasons(self, chances: Array, logits: Array, cut: bool) -> tuple[str, ...]:
        named = ", ".join(f"{self.experts_[i]} {chances[i]:.2f}" for i in ranking(chances)[:_EXPLAINED])
        reasons = [f"The fine-tuned network gives these chances: {named}."]
        if isinstance(self.level_, SubjectLevel):
            likely = self.level_.subjects[int(logits.argmax())]
            share = float(np.exp(logits.max() - np.logaddexp.reduce(logits)))
            reasons.insert(0, f"The question reads like {likely} ({share:.2f}).")
        if cut:
            reasons.append(f"It is long: only {self.network_.max_tokens} tokens at its ends were read.")
        return tuple(reasons)
