"""How routers by nearest solved questions are written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routers.embedded_config import EmbeddedConfig


class KnnConfig(EmbeddedConfig):
    """The solved questions nearest to the one asked; who was right on them is likely right again."""

    kind: Literal["knn"]
    neighbours: int | None = Field(default=None, ge=1)
    """Only the so-many nearest count, as in RouterBench. None: all, each by its weight."""
    temperature: float = Field(default=0.045, gt=0)
    """Loss of cosine against the nearest question at which a question's weight has fallen to 1/e."""
    prior_questions: float = Field(default=10.0, ge=0)
    """What the expert's mean is worth, in questions as near as the nearest."""
    dimensions: int | None = Field(default=64, ge=1)
    """Vectors are reduced to so many principal components first, which is several times as fast."""


class ClustersConfig(EmbeddedConfig):
    """Accuracies per cluster of questions (Avengers, arXiv 2505.19797)."""

    kind: Literal["clusters"]
    clusters: int = Field(default=64, ge=1)
    """Clusters at most; fewer where there are not five questions for each."""
    nearest: int = Field(default=4, ge=1)
    """Clusters that a question belongs to, by nearness; 1 as published."""
    temperature: float = Field(default=0.1, gt=0)
    """Loss of cosine against the nearest centroid at which a cluster's weight has fallen to 1/e."""
    prior_questions: float = Field(default=30.0, ge=0)
    """What the expert's mean is worth, in questions."""
    seed: int = 0
    """Of the starts of k-means."""


class PilotsConfig(EmbeddedConfig):
    """Centroids of the questions that each expert wins (RouterRetriever, arXiv 2409.02685)."""

    kind: Literal["pilots"]
    pilots: int = Field(default=8, ge=1)
    """Centroids per expert at most; the paper has 1 per expert and data set."""
    temperature: float = Field(default=0.06, gt=0)
    """Loss of cosine against the nearest pilot at which a pilot's weight has fallen to 1/e."""
    prior_questions: float = Field(default=10.0, ge=0)
    """What the expert's mean is worth, in questions."""
    owner_first: bool = False
    """As published: the owner of the nearest pilot comes first, whoever was right more often near it."""
    seed: int = 0
    """Of the starts of k-means."""
