"""A miniature expert as encoder, through real vLLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import experts
from experts.encoders.pooled import PooledEncoder
from experts.errors import ConfigError

ABACUS = str(Path(experts.__file__).parent / "pocket" / "abacus")


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_states_of_an_expert_are_pooled_by_vllm() -> None:
    pytest.importorskip("vllm", reason="needs vllm (extra `cpu` or `gpu`)")
    encoder = PooledEncoder(ABACUS, max_model_len=64, max_windows=2, kv_cache_gib=0.25)
    texts = ["3 plus 4", "capital of France", "", "3 plus 4 " * 100]
    vectors = encoder.encode(texts)
    assert vectors.dtype == np.float32 and vectors.shape == (4, 160)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(texts[:1])[0], vectors[0], atol=1e-3)
    assert encoder.encode([]).shape == (0, 160)
    assert encoder.tail.tokens > 0
    encoder.close()


@pytest.mark.slow
def test_a_process_that_cannot_load_says_why(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="needs vllm (extra `cpu` or `gpu`)")
    with pytest.raises(ConfigError, match="vLLM cannot encode with"):
        PooledEncoder(str(tmp_path)).encode(["a"])


def test_identities_tell_options_apart() -> None:
    pooling = {PooledEncoder(ABACUS, pooling=p).identity for p in ("mean", "last")}
    assert len({*pooling, PooledEncoder(ABACUS, max_model_len=64).identity}) == 3
