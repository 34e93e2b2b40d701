"""How encoders are written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class LexicalEncoderConfig(BaseModel):
    """Words weighted by rarity (TF-IDF); needs no download and no GPU."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["lexical"] = "lexical"
    dimensions: int | None = Field(default=None, ge=1)
    """None, for keywords: words and character n-grams, a column each. For whole questions, such as 256:
    words and word pairs, reduced to so many dimensions."""


class SentenceTransformersEncoderConfig(BaseModel):
    """A sentence-transformers model, such as the paper's `sentence-transformers/all-MiniLM-L6-v2`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sentence-transformers"]
    model: str
    """A folder (relative to the configuration file; starts with `.`, `/` or `~`), else a hub name."""
    revision: str | None = None
    """Commit or tag of a hub name; pin it so that results can be repeated."""
    device: str = "cpu"
    """As torch spells it: `cpu`, `cuda`, `cuda:1`."""
    batch_size: int = Field(default=8, ge=1)
    """Windows encoded at once. 8 is fastest on few CPU cores; a GPU wants more, such as 128."""
    backend: Literal["torch", "openvino"] = "torch"
    """What computes, in float32: `openvino` is faster on a CPU and needs the package openvino."""
    max_windows: int = Field(default=8, ge=1)
    """A text longer than the model's window is cut into at most so many, whose vectors are averaged."""
    cache: bool = True
    """Keep vectors on disk, in the cache folder."""

    @property
    def is_local(self) -> bool:
        """Whether `model` names a folder and not a hub name."""
        return self.model.startswith((".", "/", "~"))

    @model_validator(mode="after")
    def _check(self) -> SentenceTransformersEncoderConfig:
        if self.backend == "openvino" and self.device != "cpu":
            raise ValueError(f"backend: openvino runs on device: cpu only, got {self.device!r}.")
        return self


class PooledEncoderConfig(BaseModel):
    """An LLM, such as one of the pool, as encoder: its last hidden states, pooled by vLLM."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["vllm"]
    model: str
    """A folder (relative to the configuration file; starts with `.`, `/` or `~`), else a hub name."""
    revision: str | None = None
    """Commit or tag of a hub name; pin it so that results can be repeated."""
    pooling: Literal["mean", "last"] = "mean"
    """The mean of all tokens' states, or the last token's, for models trained so."""
    max_model_len: int | None = Field(default=None, ge=2)
    """Tokens of a window; None: what the model allows."""
    max_windows: int = Field(default=8, ge=1)
    """A text longer than the window is cut into at most so many, whose vectors are averaged."""
    device: Literal["cpu", "gpu"] = "cpu"
    """What the installed vLLM is built for."""
    kv_cache_gib: float = Field(default=1.0, gt=0)
    """Memory for attention, GiB; must hold one window."""
    cache: bool = True
    """Keep vectors on disk, in the cache folder."""

    @property
    def is_local(self) -> bool:
        """Whether `model` names a folder and not a hub name."""
        return self.model.startswith((".", "/", "~"))


EncoderConfig = Annotated[
    LexicalEncoderConfig | SentenceTransformersEncoderConfig | PooledEncoderConfig,
    Field(discriminator="kind"),
]
