"""Multinomial logistic regression from vectors to labels, kept as plain arrays. Knows no experts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class SoftmaxClassifier:
    """P(label | vector) = softmax(vector @ weights + bias)."""

    labels: tuple[str, ...]
    """(c) in alphabetic order."""
    weights: NDArray[np.float64]
    """(d, c)."""
    bias: NDArray[np.float64]
    """(c,)."""

    @classmethod
    def fit(cls, vectors: Vectors, labels: Sequence[str], inverse_strength: float) -> SoftmaxClassifier:
        """From vectors (n, d) and n labels.

        Args:
            vectors: of length 1.
            labels: at least one.
            inverse_strength: `C` of scikit-learn's LogisticRegression.
        """
        names = tuple(sorted(set(labels)))
        if len(names) == 1:  # scikit-learn wants two classes
            return cls(names, np.zeros((vectors.shape[1], 1)), np.zeros(1))
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=inverse_strength, max_iter=1000)
        model.fit(vectors.astype(np.float64), np.array([names.index(label) for label in labels]))
        weights, bias = model.coef_.T, model.intercept_
        if len(names) == 2:  # one column for the second class; the first has logit 0
            weights, bias = np.pad(weights, ((0, 0), (1, 0))), np.pad(bias, (1, 0))
        return cls(names, np.ascontiguousarray(weights), np.ascontiguousarray(bias))

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """(n, c) for vectors (n, d); rows sum to 1."""
        from scipy.special import softmax

        chances: NDArray[np.float64] = softmax(vectors.astype(np.float64) @ self.weights + self.bias, axis=1)
        return chances

    def state(self) -> dict[str, Any]:
        """What `from_state` takes."""
        return {"labels": list(self.labels), "weights": self.weights, "bias": self.bias}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> SoftmaxClassifier:
        """From what `state` gave."""
        return cls(tuple(state["labels"]), state["weights"], state["bias"])
