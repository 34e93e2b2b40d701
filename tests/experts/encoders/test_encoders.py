"""Encoders: lexical, and the real all-MiniLM-L6-v2 where its package is installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from experts.encoders.build import build_encoder
from experts.encoders.cached import CachedEncoder
from experts.encoders.config import (
    LexicalEncoderConfig,
    PooledEncoderConfig,
    SentenceTransformersEncoderConfig,
)
from experts.encoders.lexical import LexicalEncoder
from experts.encoders.pooled import PooledEncoder
from experts.encoders.sentence_transformers import SentenceTransformersEncoder
from experts.errors import ConfigError, RouterNotFittedError

TEXTS = ["capital cities", "organic chemistry", "contract law", "c"]


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
    law, jurisprudence, rivers = encoder.encode(["law", "jurisprudence", "rivers"])
    assert law @ jurisprudence > 0.5 > law @ rivers


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ConfigError, match="embeddings"):
        SentenceTransformersEncoder(str(tmp_path)).encode(["a"])


def test_missing_openvino_is_named(monkeypatch: pytest.MonkeyPatch, minilm: str) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match="pip install openvino"):
        SentenceTransformersEncoder(minilm, backend="openvino").encode(["a"])


@pytest.mark.parametrize("make", [SentenceTransformersEncoder, PooledEncoder])
def test_a_missing_model_is_named(
    make: type[SentenceTransformersEncoder] | type[PooledEncoder], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        make(str(tmp_path / "nowhere")).encode(["a"])
    with pytest.raises(ConfigError, match="cannot be downloaded"):
        make("nobody/nothing").encode(["a"])


def test_openvino_and_torch_give_the_same_vectors(minilm: str) -> None:
    pytest.importorskip("openvino", reason="needs openvino")
    fast, plain = (SentenceTransformersEncoder(minilm, backend=b) for b in ("openvino", "torch"))
    np.testing.assert_allclose(fast.encode(TEXTS), plain.encode(TEXTS), atol=1e-4)


def test_texts_of_one_window_get_the_models_own_vectors(minilm: str) -> None:
    from sentence_transformers import SentenceTransformer

    own = SentenceTransformer(minilm, device="cpu").encode(TEXTS, show_progress_bar=False)
    np.testing.assert_allclose(SentenceTransformersEncoder(minilm).encode(TEXTS), own, atol=1e-5)


def test_a_long_text_is_the_mean_of_its_windows_weighted_by_tokens(minilm: str) -> None:
    encoder = SentenceTransformersEncoder(minilm)
    first, rest = (
        " ".join(["law"] * 254),
        " ".join(["river"] * 20),
    )  # 254 and two special tokens fill a window
    parts = encoder.encode([first, rest]) * np.array([[254], [20]], np.float32)
    whole = parts.sum(axis=0)
    np.testing.assert_allclose(
        encoder.encode([f"{first} {rest}"])[0], whole / np.linalg.norm(whole), atol=1e-5
    )
    assert encoder.tail.tokens == 0


def test_what_lies_beyond_the_last_window_is_counted_and_logged_once(
    minilm: str, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = SentenceTransformersEncoder(minilm, max_windows=1)
    long = " ".join(["law"] * 300)
    np.testing.assert_array_equal(*encoder.encode([long, " ".join(["law"] * 254)]))
    encoder.encode([long])
    assert encoder.tail.tokens == 2 * 46
    assert [r.message for r in caplog.records if "max_windows" in r.message] == [
        f"{minilm}: a text is longer than max_windows: 1 windows, its last 46 tokens are left out; "
        "further ones are counted only."
    ]


def test_identities_tell_weights_and_options_apart(minilm: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(minilm, tmp_path / "copy"))
    assert SentenceTransformersEncoder(str(copy)).identity == SentenceTransformersEncoder(minilm).identity
    others = {SentenceTransformersEncoder(minilm, max_windows=n).identity for n in (1, 2)}
    (copy / "1_Pooling" / "config.json").write_text("{}", encoding="utf-8")
    assert len({*others, SentenceTransformersEncoder(str(copy), max_windows=1).identity}) == 3


def test_lexical_dimensions_are_capped_by_the_texts() -> None:
    assert LexicalEncoder(dimensions=256).fit(TEXTS).encode(TEXTS).shape == (4, 4)
    assert LexicalEncoder(dimensions=256).fit(["law"]).encode(["law", "river"]).tolist() == [[1], [0]]


def test_lexical_dimensions_bring_together_what_occurs_together() -> None:
    texts = ["torts and contract", "contract and liability", "river and lake", "lake and shore"] * 5
    torts, liability, river = LexicalEncoder(dimensions=2).fit(texts).encode(["torts", "liability", "river"])
    assert torts @ liability > 0.9 > 0.1 > torts @ river


def test_the_configuration_chooses_the_encoder_and_loads_nothing() -> None:
    lexical = build_encoder(LexicalEncoderConfig(dimensions=7))
    assert isinstance(lexical, LexicalEncoder) and lexical.dimensions == 7
    config = SentenceTransformersEncoderConfig(kind="sentence-transformers", model="~/x", batch_size=4)
    cached = build_encoder(config)
    assert isinstance(cached, CachedEncoder)
    built = cached.encoder
    assert isinstance(built, SentenceTransformersEncoder)
    assert not built.model.startswith("~") and built.batch_size == 4 and built.network_ is None
    bare = build_encoder(config.model_copy(update={"cache": False}))
    assert isinstance(bare, SentenceTransformersEncoder)
    pooled = build_encoder(PooledEncoderConfig(kind="vllm", model="a/b", pooling="last", cache=False))
    assert isinstance(pooled, PooledEncoder) and pooled.pooling == "last" and pooled.model == "a/b"


def test_openvino_is_for_the_cpu() -> None:
    with pytest.raises(ValueError, match="cpu only"):
        SentenceTransformersEncoderConfig(
            kind="sentence-transformers", model="a/b", backend="openvino", device="cuda"
        )
