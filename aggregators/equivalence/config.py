"""How the equivalence of free-form answers is written in a configuration. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aggregators.settings import AggregatorSettings
from experts.encoders.config import PooledEncoderConfig, SentenceTransformersEncoderConfig


class ExactEquivalenceConfig(AggregatorSettings):
    """Answers are the same when their canonical strings are (`experts.extraction.canonical`)."""

    kind: Literal["exact"] = "exact"


class MathEquivalenceConfig(AggregatorSettings):
    """Numbers, LaTeX, sets and intervals are the same when their values are; needs math-verify."""

    kind: Literal["math"]
    seconds: float = Field(default=2.0, gt=0.0, le=60.0)
    """Longest time for one comparison; answers whose comparison takes longer count as different."""
    memory_gib: float = Field(default=2.0, ge=0.5)
    """Most address space of the process that compares; beyond it answers count as different."""


class EmbeddingEquivalenceConfig(AggregatorSettings):
    """Answers in words are the same when their vectors are near and they hold the same numbers."""

    kind: Literal["embedding"]
    encoder: Annotated[
        SentenceTransformersEncoderConfig | PooledEncoderConfig | None, Field(discriminator="kind")
    ] = None
    """None: words and character n-grams, hashed; finds other spellings, not synonyms."""
    threshold: float = Field(default=0.85, gt=0.0, le=1.0)
    """Least cosine between an answer and the first of its class."""


EquivalenceConfig = Annotated[
    ExactEquivalenceConfig | MathEquivalenceConfig | EmbeddingEquivalenceConfig,
    Field(discriminator="kind"),
]
