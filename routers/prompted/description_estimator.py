"""Chances by how near the written description of an expert is to the question.

Glider's global router (arXiv 2410.07172, section on the global router) adds the cosine of description and
input, scaled, to each expert's logit. Here the logit is that of the expert's mean, and the cosine
counts by how far it is above that of the other experts on the question and of the expert on other
questions: a vague description is near to everything. Knows no encoder: who wraps it encodes
`texts_to_encode()` and hands the vectors to `fit_texts` before `fit`.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from experts.encoders.encoder import Vectors
from experts.errors import RouterError
from routers.canonical_order import canonical_order
from routers.estimator import Chances, State
from routers.likelihood import Array, negative_log_likelihood
from routers.prompted.config import DescriptionsConfig
from routers.ranking import ranking
from routers.training_data import Scores, TrainingData, expert_means

_UNFITTED_STRENGTH = 3.0
"""Glider's scale on held-out tasks."""
_STRENGTHS = (0.0, 100.0)
"""Bounds of a fitted strength, logits per unit of cosine; below 0 descriptions would mislead."""
_EXPLAINED = 3
"""Experts, nearest first, that the reasons speak of."""


class DescriptionEstimator:
    """A prior from descriptions on top of the experts' means.

    Attributes:
        experts_: (m) names.
        descriptions_: (m, d) vectors; rows of 0 where an expert has no description.
        usual_: (m,) mean cosine of each expert over the fitted questions.
        intercepts_: (m,) logits of the experts' means.
        strength_: logits per unit of cosine.
    """

    experts_: tuple[str, ...]
    descriptions_: Array
    usual_: Array
    intercepts_: Array
    strength_: float

    def __init__(self, config: DescriptionsConfig) -> None:
        self.config = config
        self.texts_: Vectors | None = None

    def texts_to_encode(self) -> list[str]:
        """The descriptions, in the order of the configuration."""
        return list(self.config.descriptions.values())

    def fit_texts(self, vectors: Vectors) -> Self:
        """Take the vectors of `texts_to_encode()`, same encoder as the questions', same order."""
        self.texts_ = vectors
        return self

    def fit(self, data: TrainingData) -> Self:
        """See `Estimator.fit`; with nothing but NaN the descriptions alone decide.

        Raises:
            RouterError: `fit_texts` was not called, or no expert of the pool is described.
        """
        from scipy.special import logit

        data = data.take(canonical_order(data))
        self.experts_ = data.experts
        self.descriptions_ = self._rows(data.experts, data.vectors.shape[1])
        self.usual_ = (data.vectors @ self.descriptions_.T).mean(axis=0)
        self.intercepts_ = logit(expert_means(data.scores))
        self.strength_ = self._strength(self._nearness(data.vectors), data.scores)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        from scipy.special import expit

        chances: Chances = expit(self.intercepts_ + self.strength_ * self._nearness(vectors))
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The nearest descriptions, in words."""
        return [self._reasons(row) for row in self._nearness(vectors)]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "descriptions": self.descriptions_,
            "usual": self.usual_,
            "intercepts": self.intercepts_,
            "strength": self.strength_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.descriptions_, self.usual_ = state["descriptions"], state["usual"]
        self.intercepts_, self.strength_ = state["intercepts"], float(state["strength"])
        return self

    def _rows(self, experts: tuple[str, ...], dimensions: int) -> Array:
        if self.texts_ is None:
            raise RouterError(
                "The descriptions have no vectors yet: encode `texts_to_encode()` and call "
                "fit_texts(vectors) before fit(data)."
            )
        known = dict(zip(self.config.descriptions, self.texts_, strict=True))
        if not any(name in known for name in experts):
            raise RouterError(
                f"`descriptions` names {list(known)}, none of which is in the pool {list(experts)}: "
                "describe at least one expert of the pool."
            )
        return np.array([known.get(name, np.zeros(dimensions)) for name in experts], dtype=np.float64)

    def _nearness(self, vectors: Vectors) -> Array:
        """(n, m) cosines above what is usual; 0 for experts without a description."""
        above = vectors @ self.descriptions_.T - self.usual_
        described = self.descriptions_.any(axis=1)
        if described.sum() > 1:
            above -= above[:, described].mean(axis=1, keepdims=True)
        nearness: Array = np.where(described, above, 0.0)
        return nearness

    def _strength(self, nearness: Array, scores: Scores) -> float:
        """The most likely one."""
        from scipy.optimize import minimize_scalar

        if self.config.strength is not None:
            return self.config.strength
        if np.isnan(scores).all():
            return _UNFITTED_STRENGTH

        def loss(strength: float) -> float:
            return negative_log_likelihood(self.intercepts_ + strength * nearness, scores)[0]

        return float(minimize_scalar(loss, bounds=_STRENGTHS, method="bounded", options={"xatol": 1e-6}).x)

    def _reasons(self, nearness: Array) -> tuple[str, ...]:
        nearest = ranking(nearness)[:_EXPLAINED]
        named = ", ".join(f"{self.experts_[i]} ({nearness[i]:+.2f})" for i in nearest)
        first = f"Nearest descriptions, by cosine above the usual: {named}."
        text = self.config.descriptions.get(self.experts_[nearest[0]], "")
        return (
            (first, f"{self.experts_[nearest[0]]} is described so: {text.rstrip('.')}.") if text else (first,)
        )
