"""Keywords of a new question to keywords that profiles know.

Knows an encoder and a list of known keywords, nothing of experts and counts. Known keywords match
themselves and cost no encoding; the encoder is first touched when an unknown keyword turns up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Encoder, Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a keyword was taken for."""

    keyword: str
    known: tuple[tuple[str, float], ...]
    """Known keywords and their cosines, nearest first; empty: none is near enough."""

    @property
    def exact(self) -> bool:
        """Whether the keyword itself is known."""
        return bool(self.known) and self.known[0][0] == self.keyword


class KeywordMatcher:
    """Finds the known keywords nearest to given ones.

    Args:
        encoder: fitted here, on the known keywords, when it is first needed.
        known: distinct; ties in similarity go to the earlier one.
    """

    def __init__(self, encoder: Encoder, known: Sequence[str]) -> None:
        self.encoder = encoder
        self.known = tuple(known)
        self._members = frozenset(known)
        self._vectors: Vectors | None = None

    def match(self, keywords: Sequence[str], *, min_similarity: float, limit: int) -> list[Match]:
        """One match per keyword, same order.

        Args:
            keywords: normalised; repetitions are allowed.
            min_similarity: known keywords below this cosine do not match.
            limit: most known keywords per unknown one.
        """
        unknown = [word for word in dict.fromkeys(keywords) if word not in self._members]
        near = dict(zip(unknown, self._cosines(unknown), strict=True))
        return [
            Match(
                keyword=word,
                known=((word, 1.0),) if word not in near else self._best(near[word], min_similarity, limit),
            )
            for word in keywords
        ]

    def _cosines(self, words: Sequence[str]) -> NDArray[np.float64]:
        if not words or not self.known:
            return np.zeros((len(words), len(self.known)))
        if self._vectors is None:
            self._vectors = self.encoder.fit(self.known).encode(self.known)
        return (self.encoder.encode(words) @ self._vectors.T).astype(np.float64)

    def _best(
        self, cosines: NDArray[np.float64], min_similarity: float, limit: int
    ) -> tuple[tuple[str, float], ...]:
        order = np.argsort(-cosines, kind="stable")[:limit]
        return tuple((self.known[i], float(cosines[i])) for i in order if cosines[i] >= min_similarity)
