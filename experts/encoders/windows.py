"""Texts longer than a model's window: one vector from the vectors of their windows. Knows no model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors, normalised

Batch = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Token ids and mask, both (w, length) int64; the mask is 1 where a token is, padding follows."""

Forward = Callable[[Iterable[Batch]], list[Vectors]]
"""A network: batches of windows to their vectors, (w, d) each."""

_log = logging.getLogger(__name__)


class TailCounter:
    """Counts tokens that lie beyond the last window, and says so in the log once."""

    def __init__(self, model: str, max_windows: int) -> None:
        self.tokens = 0
        """Tokens left out so far."""
        self._model, self._max_windows = model, max_windows

    def add(self, tokens: int) -> None:
        """Count the tokens that one text loses; 0 is none."""
        if tokens and not self.tokens:
            _log.warning(
                "%s: a text is longer than max_windows: %d windows, its last %d tokens are left out; "
                "further ones are counted only.",
                self._model,
                self._max_windows,
                tokens,
            )
        self.tokens += tokens


def longest_first(lengths: Sequence[int], size: int) -> Iterator[NDArray[np.int64]]:
    """Indices in batches of at most `size`, equal lengths together, so that little is padded."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    for start in range(0, len(order), size):
        yield order[start : start + size]


def padded(rows: Sequence[Sequence[int]], padding: int) -> Batch:
    """Windows of token ids as a batch, as long as the longest."""
    lengths = np.array([len(row) for row in rows])
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
    ids = np.full(mask.shape, padding, dtype=np.int64)
    ids[mask == 1] = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows])
    return ids, mask


def merged(vectors: Vectors, owners: Sequence[int], weights: Sequence[int], texts: int) -> Vectors:
    """(texts, d): the mean of each text's window vectors, weighted, then at length 1.

    Args:
        vectors: (w, d) a row per window.
        owners: (w) index of the text that a window belongs to; every text has one at least.
        weights: (w) tokens of each window, at least 1.
        texts: number of texts.
    """
    sums = np.zeros((texts, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(owners), vectors * np.asarray(weights, dtype=np.float32)[:, None])
    return normalised(sums)
