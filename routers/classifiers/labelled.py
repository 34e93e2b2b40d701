"""Accuracies by label of the question, the label guessed from the vector.

What the routers by subject and by domain share. Knows not what the labels mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError
from routers.classifiers.softmax import SoftmaxClassifier
from routers.group_accuracy import GroupAccuracy, one_hot
from routers.training_data import Scores, TrainingData


@dataclass(frozen=True, slots=True, eq=False)
class LabelledAccuracy:
    """A classifier of labels, and counts per label and expert."""

    classifier: SoftmaxClassifier
    counts: GroupAccuracy
    """Groups are the classifier's labels, in its order."""

    @classmethod
    def fit(
        cls, data: TrainingData, labels: Sequence[str], scores: Scores, inverse_strength: float
    ) -> LabelledAccuracy:
        """From questions in canonical order; label "" = unknown, and left out of the counts by label."""
        known = np.flatnonzero([bool(label) for label in labels])
        classifier = SoftmaxClassifier.fit(
            data.vectors[known], [labels[int(row)] for row in known], inverse_strength
        )
        index = {label: column for column, label in enumerate(classifier.labels)}
        membership = one_hot(np.array([index.get(label, -1) for label in labels]), len(index))
        return cls(classifier, GroupAccuracy.count(membership, scores))

    def sentence(
        self, probabilities: NDArray[np.float64], table: NDArray[np.float64], experts: Sequence[str]
    ) -> str:
        """The likeliest label of one question, and the counts of the three best experts of it."""
        label = int(probabilities.argmax())
        best = np.argsort(-table[label], kind="stable")[:3]
        counts = ", ".join(self.counts.sentence(label, int(i), experts) for i in best)
        return f"{self.classifier.labels[label]} (probability {probabilities[label]:.2f}): {counts}."

    def state(self) -> dict[str, Any]:
        """What `from_state` takes."""
        counts = {"right": self.counts.right, "run": self.counts.run, "means": self.counts.means}
        return {"classifier": self.classifier.state(), "counts": counts}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> LabelledAccuracy:
        """From what `state` gave."""
        return cls(SoftmaxClassifier.from_state(state["classifier"]), GroupAccuracy(**state["counts"]))


def check_subjects(data: TrainingData, kind: str, instead: str) -> None:
    """Raise `RouterError`, naming what to take instead, unless some subject is known."""
    if not any(data.subjects):
        raise RouterError(
            f"The {kind!r} router learns from the subjects of questions, and the outcomes name none: give "
            f"`subjects` with the outcomes, or take {instead}, which needs none."
        )
