"""Chances from a low-rank model: the logit of expert m on question x is c_m + (x W) . u_m.

EmbedLLM (arXiv 2410.02223) learns a vector of every expert from outcomes; here both sides are fitted
by maximum a posteriori with L-BFGS, which needs neither a network nor seeds. The same as logistic
regression per expert with coefficients of reduced rank. `routers.irt` adds a difficulty that all
experts share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.factors.config import FactorsConfig
from routers.factors.start import linear_directions, low_rank
from routers.likelihood import (
    Array,
    Objective,
    Parameters,
    minimise,
    negative_log_likelihood,
    prior_precision,
)
from routers.ranking import ranking
from routers.training_data import TrainingData, expert_means

_EXPLAINED = 3
"""Experts, best first, that the reasons speak of."""


class LowRankEstimator:
    """Reduced-rank logistic regression of all experts at once.

    Attributes:
        experts_: (m) names.
        mean_: (d,) of the fitted vectors.
        query_factors_: (d, r), W above.
        expert_factors_: (m, r), u above; 0 for an expert that never ran.
        intercepts_: (m,) logits on an average question.
    """

    experts_: tuple[str, ...]
    mean_: Array
    query_factors_: Array
    expert_factors_: Array
    intercepts_: Array

    def __init__(self, config: FactorsConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """See `Estimator.fit`; cells that were not run are left out of the likelihood."""
        from scipy.special import logit

        data = data.take(canonical_order(data))
        self.experts_ = data.experts
        self.mean_ = data.vectors.astype(np.float64).mean(axis=0)
        inputs = data.vectors - self.mean_
        query, expert = low_rank(linear_directions(inputs, data), self.config.rank)
        start = {"query": query, "expert": expert, "intercept": logit(expert_means(data.scores))}
        l2 = prior_precision(self.config.l2, data.scores)
        objective = _objective(inputs, data.scores, l2, start["intercept"])
        found = minimise(objective, start, max_iterations=self.config.max_iterations)
        self.query_factors_, self.expert_factors_ = found["query"], found["expert"]
        self.intercepts_ = found["intercept"]
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        from scipy.special import expit

        chances: Chances = expit(self.intercepts_ + self._factors(vectors) @ self.expert_factors_.T)
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """Of the best experts, their chance on an average question and on this one."""
        from scipy.special import expit

        average = expit(self.intercepts_)
        return [(self._sentence(row, average),) for row in self.predict(vectors)]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "mean": self.mean_,
            "query_factors": self.query_factors_,
            "expert_factors": self.expert_factors_,
            "intercepts": self.intercepts_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.mean_ = state["mean"]
        self.query_factors_, self.expert_factors_ = state["query_factors"], state["expert_factors"]
        self.intercepts_ = state["intercepts"]
        return self

    def _factors(self, vectors: Vectors) -> Array:
        factors: Array = (vectors - self.mean_) @ self.query_factors_
        return factors

    def _sentence(self, chances: Chances, average: Array) -> str:
        best: Sequence[int] = ranking(chances)[:_EXPLAINED]
        named = ", ".join(f"{self.experts_[i]} {chances[i]:.2f} ({average[i]:.2f})" for i in best)
        return f"Chance on this question (on an average one): {named}."


def _objective(inputs: Array, scores: Array, l2: float, means: Array) -> Objective:
    def objective(at: Parameters) -> tuple[float, Parameters]:
        factors = inputs @ at["query"]
        loss, by_logit = negative_log_likelihood(at["intercept"] + factors @ at["expert"].T, scores)
        # An expert that was always right would have an intercept without bound.
        excess = at["intercept"] - means
        squares = (at["query"] ** 2).sum() + (at["expert"] ** 2).sum()
        penalty = 0.5 * float(l2 * squares + (excess**2).sum())
        gradient = {
            "query": inputs.T @ (by_logit @ at["expert"]) + l2 * at["query"],
            "expert": by_logit.T @ factors + l2 * at["expert"],
            "intercept": by_logit.sum(axis=0) + excess,
        }
        return loss + penalty, gradient

    return objective
