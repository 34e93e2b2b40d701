"""What all routers share that predict by arrays: estimates, decisions, saving and loading.

Subclasses learn and predict; this turns predictions into the objects of the contract
(`routers.router`). Knows no encoder and no estimator.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from experts.engine import Generate
from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.saving import FORMAT_VERSION, Header, load_header, load_state, save_fitted, versions
from routers.estimator import State
from routers.prediction import Prediction
from routers.router import BestFirst, Estimate, aligned, fitted_experts
from routers.training_data import expert_means


class OutcomeRouter(BestFirst):
    """A router that is fitted on an outcome matrix and predicts arrays.

    Attributes:
        experts_: the pool, in configuration order.
        questions_: how many questions it was fitted on.
        accuracies_: (m,) mean score of each expert on these, drawn a little to the pool's.
        error_correlation_: (m, m) correlation of what the chances leave unexplained, on questions that
            were left out in turn; None where none were.
        left_out_: (n, m) chances of the fitted questions from fits without them, in the order of `fit`;
            None where none were made, and after loading.
    """

    calibrated: ClassVar[bool] = True
    """Whether the predicted chances are probabilities."""

    experts_: tuple[str, ...]
    questions_: int
    accuracies_: NDArray[np.float64]
    error_correlation_: NDArray[np.float64] | None = None
    left_out_: NDArray[np.float64] | None = None

    def __init__(self, config: BaseModel) -> None:
        self.config = config

    @property
    def kind(self) -> str:
        """As in a configuration."""
        return str(self.config.kind)  # type: ignore[attr-defined]  # every kind's configuration has one

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Learn from outcomes; see `Router.fit`."""
        in_order = aligned(queries, outcomes)
        self.error_correlation_ = self.left_out_ = None
        self._learn(queries, in_order, generate)
        self.accuracies_ = expert_means(in_order.mean_score())
        self.experts_, self.questions_ = outcomes.experts, len(queries)
        return self

    def predict(self, queries: Sequence[Query], *, generate: Generate | None = None) -> Prediction:
        """Arrays for a batch, without reasons; the errors of `Router.estimate`."""
        fitted_experts(self, self.kind)
        return self._predict(queries, generate)

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """Estimates with reasons; see `Router.estimate`."""
        fitted_experts(self, self.kind)
        if not queries:
            return []
        prediction, reasons = self._explained(queries, generate)
        rows = zip(prediction.chances, prediction.tokens, prediction.novelty, strict=True)
        return [
            Estimate(
                values=chances,
                calibrated=self._is_calibrated(),
                reasons=why,
                tokens=None if np.isnan(tokens).all() else tokens,
                novelty=float(novelty),
            )
            for (chances, tokens, novelty), why in zip(rows, reasons, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write what was learned to a folder; see `experts.saving`.

        Raises:
            RouterNotFittedError: there is nothing yet.
            ConfigError: the folder cannot be written.
        """
        header = Header(
            format=FORMAT_VERSION,
            kind=self.kind,
            config=self.config.model_dump(mode="json"),
            experts=fitted_experts(self, self.kind),
            questions=self.questions_,
            versions=versions(),
        )
        shared = {"accuracies": self.accuracies_, "error_correlation": self.error_correlation_}
        save_fitted(folder, header, {"shared": shared, "own": dict(self._state())})

    def load(self, folder: Path) -> Self:
        """Take what `save` wrote.

        Raises:
            ConfigError: there is no router, another kind's, one of other versions, or a damaged one.
        """
        header = load_header(folder)
        if header.kind != self.kind:
            raise ConfigError(f"The router at {folder} is of kind {header.kind!r}, not {self.kind!r}.")
        state = load_state(folder)
        try:
            self._restore(state["own"], folder)
            self.accuracies_ = state["shared"]["accuracies"]
            self.error_correlation_ = state["shared"]["error_correlation"]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"The router at {folder} does not hold what one of kind {self.kind!r} consists of "
                f"({error!r}): train it again with `compound train`."
            ) from error
        self.experts_, self.questions_ = header.experts, header.questions
        self.left_out_ = None
        return self

    def _is_calibrated(self) -> bool:
        return self.calibrated

    @abstractmethod
    def _learn(self, queries: Sequence[Query], outcomes: OutcomeMatrix, generate: Generate | None) -> None:
        """Learn from outcomes in the order of the queries."""

    def _predict(self, queries: Sequence[Query], generate: Generate | None) -> Prediction:
        """Predict a batch, which may be empty."""
        return self._explained(queries, generate)[0]

    @abstractmethod
    def _explained(
        self, queries: Sequence[Query], generate: Generate | None
    ) -> tuple[Prediction, list[tuple[str, ...]]]:
        """Predict a batch, which may be empty; with reasons in words, one tuple a query, not empty."""

    @abstractmethod
    def _state(self) -> State:
        """What was learned."""

    @abstractmethod
    def _restore(self, state: dict[str, Any], folder: Path) -> None:
        """Take what `_state` gave; the folder is that of the router."""
