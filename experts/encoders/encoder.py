"""The contract of encoders: texts to vectors whose dot product is a cosine.

Knows nothing of experts and outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""(n, d) float32; every row of length 1, or all 0 where a text shares nothing with those fitted."""


class Encoder(Protocol):
    """Turns texts into vectors of length 1."""

    @property
    def identity(self) -> str:
        """What the vectors depend on, whatever the machine: equal identities, equal vectors up to rounding.

        Weights and the options that change vectors, or what was learned from texts; not the versions
        of libraries.

        Raises:
            RouterNotFittedError: it must be fitted and is not.
            ConfigError: the model's files are not to be had.
        """
        ...

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn what needs learning (nothing, for a pretrained encoder); at least one text."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32, L2-normalised, same order; (0, d) for no texts.

        Raises:
            RouterNotFittedError: it must be fitted and is not.
            ConfigError: a package or a model is missing.
        """
        ...

    def state(self) -> Mapping[str, Any]:
        """What `fit` learned, in a form that `experts.saving` writes; empty for a pretrained encoder.

        Raises:
            RouterNotFittedError: it must be fitted and is not.
        """
        ...

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Take what `state` gave; vectors are then the same."""
        ...


class LearnsNothing:
    """`fit`, `state` and `restore` of encoders that are pretrained."""

    def fit(self, texts: Sequence[str]) -> Self:
        """Nothing to learn."""
        return self

    def state(self) -> Mapping[str, Any]:
        """Nothing was learned."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Nothing to take."""
        return self


def normalised(rows: Any) -> Vectors:
    """Rows (n, d) at length 1; rows of zeros stay."""
    vectors = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
