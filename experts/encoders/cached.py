"""An encoder that encodes no text twice: its vectors are kept on disk. Knows neither models nor SQL."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from experts.encoders.encoder import Encoder, LearnsNothing, Vectors
from experts.encoders.vector_store import Vector, VectorStore, text_key

_log = logging.getLogger(__name__)

_CHUNK = 1024
"""Texts encoded before their vectors are written, so that a run that is stopped keeps what it did."""


class CachedEncoder(LearnsNothing):
    """A pretrained encoder in front of a store; the model is not loaded while all texts are hits.

    A store that cannot be used is a line in the log, once, and work goes on without it.

    Args:
        encoder: whose vectors are kept, under its identity.
        store: where.
    """

    def __init__(self, encoder: Encoder, store: VectorStore) -> None:
        self.encoder = encoder
        self.store = store
        self.hits = 0
        """Texts found so far, in the store or among equal ones of the same call."""
        self.misses = 0
        """Texts encoded so far."""
        self._broken = False

    @property
    def identity(self) -> str:
        """See `Encoder.identity`."""
        return self.encoder.identity

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        if not texts:
            width = None if self._broken else self._dimensions()
            return self.encoder.encode([]) if width is None else np.zeros((0, width), np.float32)
        keys = [text_key(text) for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        found = self._get(list(distinct))
        missing = [key for key in distinct if key not in found]
        for start in range(0, len(missing), _CHUNK):
            part = missing[start : start + _CHUNK]
            new = dict(zip(part, self.encoder.encode([distinct[key] for key in part]), strict=True))
            self._put(new)
            found.update(new)
        self.misses += len(missing)
        self.hits += len(texts) - len(missing)
        return np.stack([found[key] for key in keys])

    def _dimensions(self) -> int | None:
        try:
            return self.store.dimensions(self.identity)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return None

    def _get(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        if self._broken:
            return {}
        try:
            return self.store.get(self.identity, keys)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return {}

    def _put(self, vectors: Mapping[bytes, Vector]) -> None:
        if self._broken:
            return
        try:
            self.store.put(self.identity, vectors)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._broken = True
        _log.warning(
            "Vectors cannot be kept in %s (%s) and are computed anew: delete the file, set COMPOUND_CACHE "
            "to a folder that you may write to, or set `cache: false` on the encoder.",
            self.store.path,
            error,
        )
