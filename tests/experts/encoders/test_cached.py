"""Vectors on disk: nothing is encoded twice, whoever asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from experts.encoders.cached import CachedEncoder
from experts.encoders.encoder import Vectors
from experts.encoders.lexical import LexicalEncoder
from experts.encoders.sentence_transformers import SentenceTransformersEncoder
from experts.encoders.vector_store import VectorStore, text_key


class Counting(LexicalEncoder):
    """A fitted encoder that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(dimensions=3)
        self.fit(["law", "river", "prime"])
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    return VectorStore(tmp_path / "new" / "vectors.sqlite")


def test_equal_texts_are_encoded_once_for_all_instances(store: VectorStore) -> None:
    inner = Counting()
    first, second = CachedEncoder(inner, store), CachedEncoder(inner, store)
    vectors = first.encode(["law", "river", "law"])
    np.testing.assert_array_equal(second.encode(["river", "law", "prime"])[:2], vectors[1::-1])
    assert inner.asked == ["law", "river", "prime"]
    assert (first.hits, first.misses, second.hits, second.misses) == (1, 2, 2, 1)
    np.testing.assert_array_equal(vectors, Counting().encode(["law", "river", "law"]))


def test_a_hit_never_loads_the_model(store: VectorStore, minilm: str) -> None:
    vectors = CachedEncoder(SentenceTransformersEncoder(minilm), store).encode(["law"])
    again = SentenceTransformersEncoder(minilm)
    cached = CachedEncoder(again, store)
    np.testing.assert_array_equal(cached.encode(["law"]), vectors)
    assert cached.encode([]).shape == (0, vectors.shape[1])
    assert again.network_ is None


def test_other_identities_do_not_share(store: VectorStore) -> None:
    store.put("a", {text_key("law"): np.ones(2, np.float32)})
    assert store.get("b", [text_key("law")]) == {} and store.dimensions("b") is None
    assert store.dimensions("a") == 2


def test_many_keys_are_found_at_once(store: VectorStore) -> None:
    rows = {text_key(str(i)): np.full(2, i, np.float32) for i in range(1203)}
    store.put("a", rows)
    found = store.get("a", list(rows))
    assert {key: float(row[0]) for key, row in found.items()} == {k: float(r[0]) for k, r in rows.items()}


def test_a_text_that_is_not_unicode_has_a_key() -> None:
    assert text_key("\ud800") != text_key("?")


def test_processes_write_at_the_same_time(store: VectorStore) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from experts.encoders.vector_store import VectorStore, text_key\n"
        "store = VectorStore(Path(sys.argv[1]))\n"
        "for i in range(50): store.put(sys.argv[2], {text_key(str(i)): np.ones(2, np.float32)})"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(store.path), name]) for name in ("a", "b")
    ]
    assert [child.wait(60) for child in children] == [0, 0]
    keys = [text_key(str(i)) for i in range(50)]
    assert len(store.get("a", keys)) == len(store.get("b", keys)) == 50


def test_a_broken_file_is_told_once_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"not a database" * 100)
    encoder = CachedEncoder(Counting(), VectorStore(path))
    assert encoder.encode(["law"]).any() and encoder.encode(["law"]).any()
    assert encoder.encode([]).shape == (0, 3)
    assert encoder.misses == 2
    assert len([r for r in caplog.records if "cannot be kept" in r.message]) == 1
    assert path.read_bytes() == b"not a database" * 100
