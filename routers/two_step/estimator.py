"""The two-step router: a classifier of categories, and a map from categories to experts.

After Composition of Experts (arXiv 2412.01868): which expert is best for a single question is too
jittery to learn, which category it belongs to is not; the map is a mixed-integer program under a
parameter budget; uncertain questions go to a general category. The paper's statistic of uncertainty
is not known to us: ours is the probability of the likeliest category. Quality there is a judge's win
rate, here accuracy. Knows no query text.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from experts.errors import RouterError
from routers.canonical_order import canonical_order
from routers.classifiers.labelled import LabelledAccuracy
from routers.estimator import Chances, State
from routers.training_data import TrainingData
from routers.two_step.assignment import assign
from routers.two_step.categories import categories
from routers.two_step.config import TwoStepConfig

GENERAL = "general"
"""Category of the questions whose category is uncertain."""
_LESS = 1e-6
"""By how much an expert stays below the one that the map names, if it is more accurate than that."""


class TwoStep:
    """Accuracies in the question's category, the expert that the map names first.

    Under a budget, an expert that takes no category is not part of the composition: see `allowed`.
    """

    def __init__(self, config: TwoStepConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Learn the categories, then the map.

        Raises:
            RouterError: categories are subjects and none is known; the budget fits no expert, or
                `parameters_b` lacks an expert.
        """
        ordered = data.take(canonical_order(data))
        labels = categories(ordered, self.config)
        fitted = LabelledAccuracy.fit(ordered, labels, ordered.scores, self.config.inverse_strength)
        certainty = fitted.classifier.probabilities(ordered.vectors).max(axis=1)
        bound = float(np.quantile(certainty, self.config.general_share)) if self.config.general_share else 0.0
        sizes = np.array([labels.count(label) for label in fitted.classifier.labels], dtype=np.float64)
        shares = np.append(sizes / sizes.sum() * (1 - self.config.general_share), self.config.general_share)
        accuracy = self._accuracy(fitted)
        mapped = assign(
            1 - accuracy,
            shares,
            sizes=self._sizes(data.experts),
            budget=self.config.budget_b,
            max_experts=self.config.max_experts,
        )
        self._keep(data.experts, fitted, bound, mapped)
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        chances: Chances = self.table_[self._category(self.fitted_.classifier.probabilities(vectors))]
        return chances

    def allowed(self) -> NDArray[np.bool_]:
        """(m,) the experts in the map; all, where there is no limit. See `NarrowsPool`."""
        limited = self.config.budget_b is not None or self.config.max_experts is not None
        allowed: NDArray[np.bool_] = np.isin(np.arange(len(self.experts_)), self.mapped_) | (not limited)
        return allowed

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The category, its expert, and that expert's count there."""
        probabilities = self.fitted_.classifier.probabilities(vectors)
        return [
            (self._sentence(int(category), row),)
            for category, row in zip(self._category(probabilities), probabilities, strict=True)
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {
            "experts": list(self.experts_),
            "fitted": self.fitted_.state(),
            "bound": self.bound_,
            "mapped": self.mapped_,
        }

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        fitted = LabelledAccuracy.from_state(state["fitted"])
        self._keep(tuple(state["experts"]), fitted, state["bound"], state["mapped"])
        return self

    def _keep(
        self, experts: tuple[str, ...], fitted: LabelledAccuracy, bound: float, mapped: NDArray[np.int64]
    ) -> None:
        self.experts_ = experts
        self.fitted_ = fitted
        self.bound_ = bound
        self.mapped_ = mapped
        self.names_ = (*fitted.classifier.labels, GENERAL)
        self.assignment_ = {name: experts[int(e)] for name, e in zip(self.names_, mapped, strict=True)}
        accuracy = self._accuracy(fitted)
        best = np.take_along_axis(accuracy, mapped[:, None], axis=1)
        self.table_ = np.minimum(accuracy, best - _LESS)
        np.put_along_axis(self.table_, mapped[:, None], best, axis=1)

    def _accuracy(self, fitted: LabelledAccuracy) -> NDArray[np.float64]:
        """(c + 1, m) accuracies by category, the last row over all questions."""
        return np.vstack([fitted.counts.shrunk(self.config.prior_questions), fitted.counts.means])

    def _category(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        general = len(self.names_) - 1
        return np.where(probabilities.max(axis=1) < self.bound_, general, probabilities.argmax(axis=1))

    def _sizes(self, experts: tuple[str, ...]) -> NDArray[np.float64] | None:
        if self.config.budget_b is None:
            return None
        missing = [name for name in experts if name not in self.config.parameters_b]
        if missing:
            raise RouterError(
                f"budget_b of the 'two_step' router needs the parameters of every expert: add "
                f"{', '.join(missing)} to parameters_b, in billions."
            )
        return np.array([self.config.parameters_b[name] for name in experts])

    def _sentence(self, category: int, probabilities: NDArray[np.float64]) -> str:
        expert = int(self.mapped_[category])
        if category == len(self.names_) - 1:
            return (
                f"Category general (no category is likelier than {probabilities.max():.2f}): "
                f"{self.experts_[expert]}, right on {self.fitted_.counts.means[expert]:.0%} of all questions."
            )
        count = self.fitted_.counts.sentence(category, expert, self.experts_)
        return f"Category {self.names_[category]} (probability {probabilities[category]:.2f}): {count}."
