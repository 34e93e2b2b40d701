"""The subject of the question is guessed, and the experts are taken by their accuracy on it.

After Bench-CoE's subject level (arXiv 2412.04167, section on the subject-level router), with a linear
classifier on frozen vectors in place of BERT. Knows no query text.
"""

from __future__ import annotations

from typing import Self

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.classifiers.config import SubjectsConfig
from routers.classifiers.labelled import LabelledAccuracy, check_subjects
from routers.estimator import Chances, State
from routers.training_data import TrainingData


class Subjects:
    """Accuracy by subject, averaged over the subjects by their probability."""

    def __init__(self, config: SubjectsConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Learn the subjects, and count by subject.

        Raises:
            RouterError: no subject is known.
        """
        check_subjects(data, "subjects", "`kind: clusters`")
        ordered = data.take(canonical_order(data))
        self._keep(
            data.experts,
            LabelledAccuracy.fit(ordered, ordered.subjects, ordered.scores, self.config.inverse_strength),
        )
        return self

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        probabilities = self.by_subject_.classifier.probabilities(vectors)
        if self.config.hard:
            hard: Chances = self.table_[probabilities.argmax(axis=1)]
            return hard
        chances: Chances = probabilities @ self.table_
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The likeliest subject and the counts of the three best experts there."""
        probabilities = self.by_subject_.classifier.probabilities(vectors)
        return [
            ("Subject " + self.by_subject_.sentence(row, self.table_, self.experts_),)
            for row in probabilities
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {"experts": list(self.experts_), "by_subject": self.by_subject_.state()}

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self._keep(tuple(state["experts"]), LabelledAccuracy.from_state(state["by_subject"]))
        return self

    def _keep(self, experts: tuple[str, ...], by_subject: LabelledAccuracy) -> None:
        self.experts_ = experts
        self.by_subject_ = by_subject
        self.table_ = by_subject.counts.shrunk(self.config.prior_questions)
