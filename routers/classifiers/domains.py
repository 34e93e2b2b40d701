"""A few domains, each with one fixed expert: the plainest router there is that looks at the question.

After MoDEM (arXiv 2410.07490), with a linear classifier on frozen vectors in place of DeBERTa, and
the expert of each domain measured in place of named by its makers. Knows no query text.
"""

from __future__ import annotations

from typing import Self

from experts.encoders.encoder import Vectors
from routers.canonical_order import canonical_order
from routers.classifiers.config import DomainsConfig
from routers.classifiers.labelled import LabelledAccuracy, check_subjects
from routers.estimator import Chances, State
from routers.training_data import TrainingData

OTHER = "other"
"""Domain of the subjects that no domain names."""


class Domains:
    """Accuracies in the likeliest domain; the best expert of a domain answers all its questions."""

    def __init__(self, config: DomainsConfig) -> None:
        self.config = config

    def fit(self, data: TrainingData) -> Self:
        """Learn the domains, and choose each one's expert.

        Raises:
            RouterError: no subject is known.
        """
        check_subjects(data, "domains", "`kind: clusters`")
        ordered = data.take(canonical_order(data))
        domains = [self.domain(subject) for subject in ordered.subjects]
        self._keep(
            data.experts,
            LabelledAccuracy.fit(ordered, domains, ordered.scores, self.config.inverse_strength),
        )
        return self

    def domain(self, subject: str) -> str:
        """The domain of a subject; "" for "", the unknown subject."""
        if not subject:
            return ""
        name = subject.lower().replace("_", " ").strip()
        return next((domain for domain, held in self.config.domains.items() if name in held), OTHER)

    def predict(self, vectors: Vectors) -> Chances:
        """See `Estimator.predict`."""
        likeliest = self.by_domain_.classifier.probabilities(vectors).argmax(axis=1)
        chances: Chances = self.table_[likeliest]
        return chances

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """The likeliest domain and the counts of the three best experts there."""
        probabilities = self.by_domain_.classifier.probabilities(vectors)
        return [
            ("Domain " + self.by_domain_.sentence(row, self.table_, self.experts_),) for row in probabilities
        ]

    def state(self) -> State:
        """See `Estimator.state`."""
        return {"experts": list(self.experts_), "by_domain": self.by_domain_.state()}

    def restore(self, state: State) -> Self:
        """See `Estimator.restore`."""
        self._keep(tuple(state["experts"]), LabelledAccuracy.from_state(state["by_domain"]))
        return self

    def _keep(self, experts: tuple[str, ...], by_domain: LabelledAccuracy) -> None:
        self.experts_ = experts
        self.by_domain_ = by_domain
        self.table_ = by_domain.counts.shrunk(self.config.prior_questions)
        self.assignment_ = {
            domain: experts[int(row.argmax())]
            for domain, row in zip(by_domain.classifier.labels, self.table_, strict=True)
        }
