"""From the configuration of an encoder to the encoder: the only place that knows all kinds."""

from __future__ import annotations

from pathlib import Path

from experts.encoders.cached import CachedEncoder
from experts.encoders.config import (
    EncoderConfig,
    LexicalEncoderConfig,
    PooledEncoderConfig,
    SentenceTransformersEncoderConfig,
)
from experts.encoders.encoder import Encoder
from experts.encoders.lexical import LexicalEncoder
from experts.encoders.pooled import PooledEncoder
from experts.encoders.sentence_transformers import SentenceTransformersEncoder
from experts.encoders.vector_store import VectorStore, default_store_path


def build_encoder(config: EncoderConfig) -> Encoder:
    """The encoder of a configuration; loads nothing yet."""
    if isinstance(config, LexicalEncoderConfig):
        return LexicalEncoder(config.dimensions)
    encoder = _pretrained(config)
    return CachedEncoder(encoder, VectorStore(default_store_path())) if config.cache else encoder


def _pretrained(
    config: SentenceTransformersEncoderConfig | PooledEncoderConfig,
) -> SentenceTransformersEncoder | PooledEncoder:
    model = str(Path(config.model).expanduser()) if config.is_local else config.model
    options = config.model_dump(exclude={"kind", "model", "cache"})
    if isinstance(config, PooledEncoderConfig):
        return PooledEncoder(model, **options)
    return SentenceTransformersEncoder(model, **options)
