"""How routers by classification are written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat

from routers.embedded_config import EmbeddedConfig

DOMAINS: dict[str, tuple[str, ...]] = {
    "math": (
        *("math", "mathematics", "abstract algebra", "college mathematics", "elementary mathematics"),
        *("formal logic", "high school mathematics", "high school statistics", "statistics", "algebra"),
        *("geometry", "gsm8k", "aime"),
    ),
    "health": (
        *(
            "health",
            "medicine",
            "psychology",
            "anatomy",
            "clinical knowledge",
            "college medicine",
            "nutrition",
        ),
        *("human aging", "human sexuality", "medical genetics", "professional medicine", "virology"),
        *("high school psychology", "professional psychology", "medmcqa"),
    ),
    "science": (
        *("physics", "chemistry", "biology", "astronomy", "college biology", "college chemistry"),
        *("college physics", "conceptual physics", "high school biology", "high school chemistry"),
        *("high school physics", "gpqa"),
    ),
    "coding": (
        *("computer science", "engineering", "college computer science", "computer security"),
        *(
            "electrical engineering",
            "high school computer science",
            "machine learning",
            "programming",
            "code",
        ),
    ),
}
"""MoDEM's domains and the subjects of MMLU-Pro, MMLU and the benchmarks at hand; the rest is "other"."""


class LinearConfig(EmbeddedConfig):
    """A logistic regression per expert on who is right (Bench-CoE's query level, arXiv 2412.04167)."""

    kind: Literal["linear"]
    strengths: tuple[PositiveFloat, ...] = Field(default=(30.0, 10.0, 3.0, 1.0, 0.3), min_length=1)
    """Strengths of the L2 penalty to choose from, by the log-loss on a held-out fifth."""
    apart: float = Field(default=3.0, gt=0)
    """How much harder what is an expert's own is penalised than what all experts have in common."""


class SubjectsConfig(EmbeddedConfig):
    """A classifier of the subject, then accuracies by subject (Bench-CoE's subject level)."""

    kind: Literal["subjects"]
    hard: bool = False
    """As published: the likeliest subject alone counts. Off: all, each by its probability."""
    prior_questions: float = Field(default=10.0, ge=0)
    """What the expert's mean is worth, in questions."""
    inverse_strength: float = Field(default=10.0, gt=0)
    """Inverse strength of the classifier's L2 penalty, `C` of scikit-learn."""


class DomainsConfig(EmbeddedConfig):
    """A classifier of a few domains, each with one fixed expert (MoDEM, arXiv 2410.07490)."""

    kind: Literal["domains"]
    domains: dict[str, tuple[str, ...]] = DOMAINS
    """Domain -> its subjects, in lower case with spaces; subjects that are nowhere are of "other"."""
    prior_questions: float = Field(default=10.0, ge=0)
    """What the expert's mean is worth, in questions."""
    inverse_strength: float = Field(default=10.0, gt=0)
    """Inverse strength of the classifier's L2 penalty, `C` of scikit-learn."""
