"""Answers in words, joined where their vectors are near.

Vectors hardly tell numbers apart, and "not" not at all, so two answers are joined only if they hold
the same numbers in the same order; negations are a known weakness. Knows no encoder's inside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aggregators.equivalence.equivalence import joined

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CHUNK = 2_048
"""Texts that are encoded at once; bounds memory."""
_FEATURES = 4_096


class TextEncoder(Protocol):
    """What is needed of an `experts.encoders.encoder.Encoder` that learns nothing."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) float32, rows of length 1 or 0."""
        ...


class EmbeddingEquivalence:
    """Cosine to the first answer of a class; canonical strings that are equal need no vector.

    Args:
        encoder: texts to vectors; asked once for every 2,048 different answers of a batch.
        threshold: least cosine, in (0, 1].
    """

    def __init__(self, encoder: TextEncoder, threshold: float) -> None:
        self.encoder, self.threshold = encoder, threshold

    def classes(self, answers: Sequence[Sequence[str]]) -> list[list[int]]:
        """See `Equivalence.classes`."""
        found: list[list[int]] = []
        rows: list[Sequence[str]] = []
        waiting = 0
        for row in answers:
            rows.append(row)
            waiting += len(row)
            if waiting >= _CHUNK:
                found += self._classes(rows)
                rows, waiting = [], 0
        return found + self._classes(rows)

    def _classes(self, rows: Sequence[Sequence[str]]) -> list[list[int]]:
        texts = list(dict.fromkeys(answer for row in rows for answer in row))
        if not texts:
            return [[] for _ in rows]
        vectors = self.encoder.encode(texts)
        place = {text: i for i, text in enumerate(texts)}
        numbers = [_NUMBER.findall(text) for text in texts]

        def same(a: str, b: str) -> bool:
            i, j = place[a], place[b]
            return numbers[i] == numbers[j] and float(vectors[i] @ vectors[j]) >= self.threshold

        return [joined(row, same) for row in rows]


class HashedWords:
    """Words and their character 2- to 4-grams, hashed into 4,096 columns; learns nothing.

    Case does not matter. What shares neither words nor pieces of them has cosine about 0.
    """

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 4096) float32, rows of length 1, or 0 for texts without a word."""
        from sklearn.feature_extraction.text import HashingVectorizer

        from experts.encoders.encoder import normalised

        words = HashingVectorizer(n_features=_FEATURES, token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
        pieces = HashingVectorizer(
            n_features=_FEATURES, analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32
        )
        return normalised((words.transform(texts) + pieces.transform(texts)).toarray())
