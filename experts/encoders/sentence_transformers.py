"""Texts to vectors by a pretrained sentence-transformers model.

Texts longer than the model's window are cut into windows and their vectors averaged. Knows nothing of
caches and of how a network is made faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from experts.encoders.encoder import LearnsNothing, Vectors
from experts.encoders.network import load_network, sentence_transformers_library, torch_forward
from experts.encoders.pretrained import pretrained_folder, pretrained_identity
from experts.encoders.windows import Forward, TailCounter, longest_first, merged, padded
from experts.errors import ConfigError


class SentenceTransformersEncoder(LearnsNothing):
    """A pretrained sentence-transformers model; loaded at the first use, never fitted.

    Args:
        model: hub name or folder.
        revision: commit or tag of a hub name.
        device: as torch spells it.
        batch_size: windows encoded at once; windows of like length together.
        backend: what computes; openvino is for CPUs.
        max_windows: most windows of a text; what follows is counted in `tail.tokens` and logged once.

    A text of one window gets the model's own vector. The vector of a longer one is the mean of its
    windows' vectors, weighted by their tokens. Windows do not overlap and break between tokens.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        device: str = "cpu",
        batch_size: int = 8,
        backend: Literal["torch", "openvino"] = "torch",
        max_windows: int = 8,
    ) -> None:
        self.model = model
        self.revision = revision
        self.device = device
        self.batch_size = batch_size
        self.backend = backend
        self.max_windows = max_windows
        self.tail = TailCounter(model, max_windows)
        self.network_: Any = None
        self.forward_: Forward | None = None

    @cached_property
    def folder(self) -> Path:
        """Where the model's files are; see `pretrained_folder` for errors."""
        return pretrained_folder(self.model, self.revision)

    @cached_property
    def identity(self) -> str:
        """See `Encoder.identity`."""
        return f"{pretrained_identity(self.folder)}:{self.backend}:{self.max_windows}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder.encode`."""
        forward = self._load()
        if not texts:
            return np.zeros((0, int(self.network_.get_embedding_dimension())), np.float32)
        windows, owners = self._windows(texts)
        padding = self.network_.tokenizer.pad_token_id or 0
        order = list(longest_first([len(window) for window in windows], self.batch_size))
        found = np.concatenate(forward(padded([windows[i] for i in rows], padding) for rows in order))
        vectors = np.empty_like(found)
        vectors[np.concatenate(order)] = found
        special = self.network_.tokenizer.num_special_tokens_to_add(pair=False)
        weights = [max(1, len(window) - special) for window in windows]
        return merged(vectors, owners, weights, len(texts))

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Token ids of windows, special tokens included, and the index of each one's text."""
        network = self.network_
        # Models such as e5 want a few words before each text.
        prompt = network.prompts.get(network.default_prompt_name) or ""
        length = network.max_seq_length
        encoded = network.tokenizer(
            [prompt + text for text in texts],
            truncation=length is not None,
            max_length=length,
            return_overflowing_tokens=length is not None,
        )
        owners = encoded.get("overflow_to_sample_mapping", range(len(texts)))
        special = network.tokenizer.num_special_tokens_to_add(pair=False)
        windows, kept, seen, lost = [], [], [0] * len(texts), [0] * len(texts)
        for window, owner in zip(encoded["input_ids"], owners, strict=True):
            seen[owner] += 1
            if seen[owner] > self.max_windows:
                lost[owner] += len(window) - special
            else:
                windows.append(window)
                kept.append(owner)
        for tokens in lost:
            self.tail.add(tokens)
        return windows, kept

    def _load(self) -> Forward:
        if self.forward_ is None:
            library = sentence_transformers_library()
            self.network_ = load_network(library, self.folder, self.device)
            if not getattr(self.network_.tokenizer, "is_fast", False):
                raise ConfigError(
                    f"{self.model!r} has no fast tokenizer, so that long texts cannot be cut on purpose: "
                    "choose a model with a tokenizer.json."
                )
            if self.backend == "openvino":
                from experts.encoders.openvino import openvino_forward

                self.forward_ = openvino_forward(self.network_, pretrained_identity(self.folder))
            else:
                self.forward_ = torch_forward(self.network_, self.device)
        return self.forward_
