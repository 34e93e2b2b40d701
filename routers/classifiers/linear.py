"""A logistic regression per expert: is it right on a question with this vector?

After Bench-CoE's query level (arXiv 2412.04167, section on the query-level router): labels are the
experts' correctness, several may be right. Linear on frozen vectors in place of a fine-tuned BERT, the
log-loss in place of the squared error on logits, and the penalty chosen on questions left out. Knows
no query text.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.classifiers.config import LinearConfig
from routers.classifiers.logistic import Weights, fit_logistic, log_loss
from routers.estimator import Chances, State
from routers.training_data import TrainingData, expert_means, folds

_FOLDS = 5
"""One of which is held out to choose the penalty."""


class Linear:
    """Chances by one logistic regression per expert on the vector."""

    def __init__(self, config: LinearConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Choose the penalty, then fit on all questions."""
        ordered = data.take(canonical_order(data))
        self.experts_ = data.experts
        self.means_ = expert_means(ordered.scores)
        self.center_ = ordered.vectors.mean(axis=0)
        self.strength_, start = self._chosen(ordered)
        self.weights_ = fit_logistic(
            self._inputs(ordered.vectors),
            ordered.scores,
            self.strength_,
            apart=self.config.apart,
            start=start,
        )
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        return _chances(self._inputs(vectors), self.weights_)

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The three experts with the highest chances, beside their means."""
        return [(self._sentence(row),) for row in self.predict(vectors)]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "means": self.means_,
            "center": self.center_,
            "strength": self.strength_,
            "weights": self.weights_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self.experts_ = tuple(state["experts"])
        self.means_ = state["means"]
        self.center_ = state["center"]
        self.strength_ = state["strength"]
        self.weights_ = state["weights"]
        return self

    def _inputs(self, vectors: Vectors) -> Vectors:
        inputs: Vectors = vectors - self.center_
        return inputs

    def _chosen(self, data: TrainingData) -> tuple[float, Weights | None]:
        """The strength with the least log-loss on a held-out fifth, and the weights it gave."""
        strengths = sorted(self.config.strengths, reverse=True)
        held = folds(data.texts, _FOLDS) == 0
        nothing_to_tell = np.isnan(data.scores[held]).all() or np.isnan(data.scores[~held]).all()
        if len(strengths) == 1 or nothing_to_tell:
            return strengths[0], None
        inputs = self._inputs(data.vectors)
        losses: list[float] = []
        path: list[Weights] = []
        # From strong to weak, each fit starting from the last: the optimum moves little in between.
        for strength in strengths:
            start = path[-1] if path else None
            path.append(
                fit_logistic(
                    inputs[~held], data.scores[~held], strength, apart=self.config.apart, start=start
                )
            )
            losses.append(log_loss(_chances(inputs[held], path[-1]), data.scores[held]))
            if losses[-1] > min(losses):  # weaker still only overfits more
                break
        best = int(np.argmin(losses))
        return strengths[best], path[best]

    def _sentence(self, chances: NDArray[np.float64]) -> str:
        best = np.argsort(-chances, kind="stable")[:3]
        shown = ", ".join(
            f"{self.experts_[i]} {chances[i]:.0%} (on all questions {self.means_[i]:.0%})" for i in best
        )
        return f"Chances by logistic regression: {shown}."


def _chances(inputs: Vectors, weights: Weights) -> Chances:
    from scipy.special import expit

    # float64 throughout: rows then differ little with the size of the batch.
    chances: Chances = expit(inputs.astype(np.float64) @ weights[:-1] + weights[-1])
    return chances
