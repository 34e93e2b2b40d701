"""A sentence-transformers network, loaded and computed by torch. Knows no texts.

The libraries are imported when the network is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experts.encoders.encoder import Vectors
from experts.encoders.windows import Batch, Forward
from experts.errors import ConfigError


def sentence_transformers_library() -> Any:
    """The library.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import sentence_transformers
    except ImportError as error:
        raise ConfigError(
            "The sentence-transformers encoder needs a package that is not installed: "
            "`pip install 'compound-llm[embeddings]'`, or use `encoder: {kind: lexical}`."
        ) from error
    return sentence_transformers


def load_network(library: Any, folder: Path, device: str) -> Any:
    """The SentenceTransformer of a folder, for inference.

    Raises:
        ConfigError: the folder holds none.
    """
    try:
        return library.SentenceTransformer(str(folder), device=device).eval()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"No sentence-transformers model could be loaded from {str(folder)!r}: {error}"
        ) from error


def torch_forward(network: Any, device: str) -> Forward:
    """The function from batches of token ids and masks to vectors."""
    import torch

    def forward(batches: Iterable[Batch]) -> list[Vectors]:
        found: list[Vectors] = []
        with torch.inference_mode():
            for ids, mask in batches:
                features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
                vectors = network({name: tensor.to(device) for name, tensor in features.items()})
                found.append(vectors["sentence_embedding"].float().cpu().numpy())
        return found

    return forward
