"""The battery of checks that every encoder passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from skops.io import dump, load

from experts.encoders.cached import CachedEncoder
from experts.encoders.encoder import Encoder
from experts.encoders.lexical import LexicalEncoder
from experts.encoders.sentence_transformers import SentenceTransformersEncoder
from experts.encoders.vector_store import VectorStore

TEXTS = [
    "Which capital lies on the river Seine?\nParis\nRome",
    "What is the valence of carbon in organic chemistry?",
    "When is a contract void under the law of torts?",
    "c",
    "How many prime numbers are there below one hundred?",
]
LONG = " ".join(f"word{i} of the law of contract" for i in range(300))

Make = Callable[[], Encoder]


@pytest.fixture(params=["keywords", "texts", "minilm", "openvino", "cached"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes equal encoders."""
    if request.param == "keywords":
        return LexicalEncoder
    if request.param == "texts":
        return lambda: LexicalEncoder(dimensions=4)
    if request.param == "openvino":
        pytest.importorskip("openvino", reason="needs openvino")
    folder = request.getfixturevalue("minilm")
    backend: Literal["openvino", "torch"] = "openvino" if request.param == "openvino" else "torch"
    if request.param == "cached":
        store = VectorStore(tmp_path / "vectors.sqlite")
        return lambda: CachedEncoder(SentenceTransformersEncoder(folder), store)
    return lambda: SentenceTransformersEncoder(folder, backend=backend)


@pytest.fixture
def encoder(make: Make) -> Encoder:
    return make().fit(TEXTS)


def test_rows_are_float32_of_length_one_and_in_order(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32 and vectors.ndim == 2 and len(vectors) == len(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS[::-1]), vectors[::-1], atol=1e-5)


def test_no_texts_have_the_same_width(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.encode(TEXTS).shape[1])
    assert encoder.encode([]).dtype == np.float32


def test_a_text_alone_gets_the_vector_that_it_gets_among_others(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(encoder.encode([text])[0], vectors[row], atol=1e-5)


def test_a_long_text_is_encoded_beside_short_ones(encoder: Encoder) -> None:
    long, short = encoder.encode([LONG, TEXTS[2]])
    assert np.linalg.norm(long) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(short, encoder.encode(TEXTS)[2], atol=1e-5)


def test_an_empty_text_has_a_vector(encoder: Encoder) -> None:
    assert np.isfinite(encoder.encode([""])).all()


def test_equal_encoders_give_equal_vectors_and_identities(make: Make, encoder: Encoder) -> None:
    other = make().fit(TEXTS)
    np.testing.assert_array_equal(other.encode(TEXTS), encoder.encode(TEXTS))
    assert other.identity == encoder.identity


def test_the_state_survives_the_disk(make: Make, encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "state.skops"
    dump(dict(encoder.state()), path)
    restored = make().restore(load(path, trusted=["experts.encoders.lexical._content"]))
    np.testing.assert_array_equal(restored.encode(TEXTS), encoder.encode(TEXTS))
    assert restored.identity == encoder.identity
