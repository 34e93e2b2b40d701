"""Chances by item response theory, with what can be read off it: abilities, difficulty, benchmarks.

After IrtNet (arXiv 2510.00844); the model itself is in `routers.irt.response_model`.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Self

import numpy as np

from experts.encoders.encoder import Vectors
from experts.errors import RouterError
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.irt.config import IrtConfig
from routers.irt.response_model import ResponseModel, fit_ability, fit_model
from routers.likelihood import Array
from routers.ranking import ranking
from routers.training_data import TrainingData

_EXPLAINED = 3
"""Experts, best first, that the reasons speak of."""


class IrtEstimator:
    """Abilities of experts against what a question asks.

    Attributes:
        experts_: (m) names.
        model_: the parameters.
        difficulties_: (n,) of the fitted questions, ascending, in logits.
    """

    experts_: tuple[str, ...]
    model_: ResponseModel
    difficulties_: Array

    def __init__(self, config: IrtConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """See `Estimator.fit`; cells that were not run are left out of the likelihood."""
        data = data.take(canonical_order(data))
        self.experts_ = data.experts
        self.model_ = fit_model(data, self.config)
        self.difficulties_ = np.sort(self.difficulty(data.vectors))
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        from scipy.special import expit

        chances: Chances = expit(self.model_.logits(vectors))
        return chances

    @property
    def ability(self) -> Array:
        """(m, r): general ability first, the logit on an average question; then specialities."""
        return self.model_.ability

    def difficulty(self, vectors: Vectors) -> Array:
        """(n,) in logits; 0 = average, higher is harder for all experts alike."""
        return self.model_.items(vectors)[1]

    def discrimination(self, vectors: Vectors) -> Array:
        """(n, r): how much of each ability a question asks; (1, 0, ..., 0) on average."""
        return self.model_.items(vectors)[0]

    def predict_benchmark(self, vectors: Vectors) -> Array:
        """(m,) expected accuracy of each expert on a benchmark of these questions, at least one."""
        accuracy: Array = self.predict(vectors).mean(axis=0)
        return accuracy

    def add_expert(self, name: str, vectors: Vectors, scores: Array) -> Self:
        """Take a further expert by fitting its abilities alone; all others keep theirs.

        Args:
            name: not yet in the pool.
            vectors: (n, d) of the questions it was run on, fitted ones or not.
            scores: (n,) in [0, 1]; NaN = not run.

        Raises:
            RouterError: the name is taken, or the lengths differ.
        """
        if name in self.experts_:
            raise RouterError(f"An expert {name!r} is in the pool already: {', '.join(self.experts_)}.")
        if scores.shape != (len(vectors),):
            raise RouterError(
                f"Scores of a new expert must have shape ({len(vectors)},), one a vector, got {scores.shape}."
            )
        ability = fit_ability(self.model_, vectors, scores, self.config.max_iterations)
        self.model_ = replace(self.model_, ability=np.vstack([self.model_.ability, ability]))
        self.experts_ = (*self.experts_, name)
        return self

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """How hard, and who is most able for what is asked."""
        if not len(vectors):
            return []
        difficulties = self.difficulty(vectors)
        ranks = np.searchsorted(self.difficulties_, difficulties, side="right") / len(self.difficulties_)
        chances = self.predict(vectors)
        return [
            (f"Difficulty {rank:.2f} of 1 among the fitted questions.", self._abilities(row))
            for rank, row in zip(ranks, chances, strict=True)
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "model": asdict(self.model_),
            "difficulties": self.difficulties_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.model_ = ResponseModel(**state["model"])
        self.difficulties_ = state["difficulties"]
        return self

    def _abilities(self, chances: Chances) -> str:
        general = self.model_.ability[:, 0]
        best = ranking(chances)[:_EXPLAINED]
        named = ", ".join(f"{self.experts_[i]} {chances[i]:.2f} ({general[i]:+.1f})" for i in best)
        return f"Chance to be right on it (and general ability in logits): {named}."
