"""Vectors kept on disk in one SQLite file that many processes may share.

A vector is found by its encoder's identity and the SHA-256 of its text; texts are not kept. Knows no
encoder.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experts.cache_folder import cache_folder

_NAME = "vectors-1.sqlite"
"""With the version of the layout: another one is another file."""
_LAYOUT = """CREATE TABLE IF NOT EXISTS vectors (
    encoder TEXT NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (encoder, text)
) WITHOUT ROWID"""
_BUSY_S = 60.0
"""Longest wait for another process's write."""
_AT_ONCE = 500
"""Keys in one question; SQLite's bound on variables was 999 before version 3.32."""

Vector = NDArray[np.float32]
"""(d,) float32."""


def default_store_path() -> Path:
    """`vectors-1.sqlite` in the cache folder."""
    return cache_folder() / _NAME


def text_key(text: str) -> bytes:
    """SHA-256 of the text as it stands."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class VectorStore:
    """Vectors by identity and text; opened for every call, so that it may cross processes and threads.

    Every method raises `sqlite3.Error` or `OSError` where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, identity: str, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        """The vectors that are there, by key."""
        found: dict[bytes, Vector] = {}
        with self._open() as connection:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT text, vector FROM vectors WHERE encoder = ? AND text IN ({marks})",
                    (identity, *part),
                )
                found.update((key, np.frombuffer(blob, dtype="<f4")) for key, blob in rows)
        return found

    def put(self, identity: str, vectors: Mapping[bytes, Vector]) -> None:
        """Keep vectors; the first under a key stays."""
        rows = [(identity, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._open() as connection, connection:
            # A lock that is asked for at once waits its turn; one that a reader asks for later may not.
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)

    def dimensions(self, identity: str) -> int | None:
        """Length of an encoder's vectors; None where none is kept."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT length(vector) / 4 FROM vectors WHERE encoder = ? LIMIT 1", (identity,)
            ).fetchone()
        return None if row is None else int(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=_BUSY_S)) as connection:
            connection.execute(_LAYOUT)
            yield connection
