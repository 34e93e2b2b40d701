"""Encoders: lexical, and the real all-MiniLM-L6-v2 where its package is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from experts.errors import ConfigError, RouterNotFittedError
from routers.config import LexicalEncoderConfig, SentenceTransformersEncoderConfig
from routers.encoders import Encoder, LexicalEncoder, SentenceTransformersEncoder, build_encoder

TEXTS = ["capital cities", "organic chemistry", "contract law", "c"]


def check_vectors(encoder: Encoder, texts: list[str]) -> None:
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32 and vectors.ndim == 2 and len(vectors) == len(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, vectors.shape[1])
    np.testing.assert_allclose(encoder.encode(texts[1:])[0], vectors[1], atol=1e-5)


def test_lexical_vectors_have_length_one() -> None:
    check_vectors(LexicalEncoder().fit(TEXTS), TEXTS)


def test_lexical_inflections_are_near_and_strangers_are_not() -> None:
    encoder = LexicalEncoder().fit(TEXTS)
    known, near, far = encoder.encode(["capital cities", "capitals", "photosynthesis"])
    assert known @ near > 0.4 > 0.2 > known @ far


def test_lexical_text_without_anything_in_common_is_zero() -> None:
    assert not LexicalEncoder().fit(["abc"]).encode(["xyz"]).any()


def test_lexical_needs_fitting_and_something_to_fit() -> None:
    with pytest.raises(RouterNotFittedError, match="call fit"):
        LexicalEncoder().encode(["a"])
    with pytest.raises(ConfigError, match="cannot be fitted"):
        LexicalEncoder().fit(["?!"])


def test_minilm_knows_synonyms(minilm: str) -> None:
    encoder = build_encoder(SentenceTransformersEncoderConfig(kind="sentence-transformers", model=minilm))
    check_vectors(encoder.fit(TEXTS), TEXTS)
    law, jurisprudence, rivers = encoder.encode(["law", "jurisprudence", "rivers"])
    assert law @ jurisprudence > 0.5 > law @ rivers


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ConfigError, match="embeddings"):
        SentenceTransformersEncoder("any").encode(["a"])


def test_a_missing_model_is_named(tmp_path: Path, minilm: str) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        SentenceTransformersEncoder(str(tmp_path / "nowhere")).encode(["a"])


def test_the_configuration_chooses_the_encoder_and_loads_nothing() -> None:
    assert isinstance(build_encoder(LexicalEncoderConfig()), LexicalEncoder)
    built = build_encoder(
        SentenceTransformersEncoderConfig(kind="sentence-transformers", model="~/x", batch_size=4)
    )
    assert isinstance(built, SentenceTransformersEncoder)
    assert not built.model.startswith("~") and built.batch_size == 4 and built.network_ is None
