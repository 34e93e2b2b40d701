"""From configuration to equivalence: the only place that knows all of them."""

from __future__ import annotations

from aggregators.equivalence.config import (
    EmbeddingEquivalenceConfig,
    EquivalenceConfig,
    MathEquivalenceConfig,
)
from aggregators.equivalence.embedding import EmbeddingEquivalence, HashedWords
from aggregators.equivalence.equivalence import Equivalence, ExactEquivalence
from aggregators.equivalence.mathematical import MathEquivalence
from experts.encoders.build import build_encoder


def build_equivalence(config: EquivalenceConfig) -> Equivalence:
    """The equivalence of a configuration; loads no model and starts no process yet.

    Raises:
        ConfigError: the package of the kind `math` is missing.
    """
    if isinstance(config, MathEquivalenceConfig):
        return MathEquivalence(config)
    if isinstance(config, EmbeddingEquivalenceConfig):
        encoder = HashedWords() if config.encoder is None else build_encoder(config.encoder)
        return EmbeddingEquivalence(encoder, config.threshold)
    return ExactEquivalence()
