"""Model folders with random weights, for measurements where no real model can be had.

The shapes are those of Qwen2.5, but with an output head of its own: tied models are never reloaded in
place. Texts of such models mean nothing; loading, switching and generating take as long as with real
weights. The tokenizer has as many tokens as the model and none that ends a text, so that every answer has
exactly the length that was asked for. Knows no engine.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

_SHARD_BYTES = 4 * 10**9
_BLOCK = 2**22 + 15
"""Values drawn at random; tensors are windows into them. It has no factor in common with the length of any
matrix's rows, so that no row equals another."""
_SPREAD = 0.02
"""Standard deviation of the weights, as Qwen2 is initialised."""
_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a Qwen2 model; two shapes that differ in anything are two engine families."""

    name: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    intermediate: int
    vocabulary: int
    positions: int = 32768
    """Longest context of the model, tokens; nothing is stored for it, so it serves to tell families apart."""

    def family(self, number: int) -> Shape:
        """The same sizes as a family of its own; 0 is the shape itself."""
        return replace(self, positions=self.positions + 1024 * number)

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Sizes of all tensors by their names in a weights file."""
        h, kv = self.hidden, self.hidden // self.heads * self.kv_heads
        found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, h)}
        for i in range(self.layers):
            layer = f"model.layers.{i}"
            for part, size in (("q", h), ("k", kv), ("v", kv)):
                found[f"{layer}.self_attn.{part}_proj.weight"] = (size, h)
                found[f"{layer}.self_attn.{part}_proj.bias"] = (size,)
            found[f"{layer}.self_attn.o_proj.weight"] = (h, h)
            found[f"{layer}.mlp.gate_proj.weight"] = (self.intermediate, h)
            found[f"{layer}.mlp.up_proj.weight"] = (self.intermediate, h)
            found[f"{layer}.mlp.down_proj.weight"] = (h, self.intermediate)
            found[f"{layer}.input_layernorm.weight"] = (h,)
            found[f"{layer}.post_attention_layernorm.weight"] = (h,)
        return found | {"model.norm.weight": (h,), "lm_head.weight": (self.vocabulary, h)}

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights in bfloat16."""
        return 2 * sum(int(np.prod(size)) for size in self.tensors().values())


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("tiny", 64, 2, 1, 1, 128, 512, positions=2048),
        Shape("0.5B", 896, 24, 14, 2, 4864, 151936),
        Shape("1.5B", 1536, 28, 12, 2, 8960, 151936),
        Shape("7B", 3584, 28, 28, 4, 18944, 152064),
    )
}
"""By name. Without tying, the two small ones hold 0.63 and 1.8 billion parameters."""


def write_model(folder: Path, shape: Shape, seed: int) -> Path:
    """Write a whole model folder, in shards of at most 4 GB (a larger tensor comes alone).

    Args:
        folder: made if it is not there.
        shape: sizes.
        seed: other seeds give other weights in every matrix and bias.

    Returns:
        `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_texts(folder, shape)
    shards = list(_shards(shape))
    block = _random_block()
    offsets = np.random.default_rng(seed).integers(_BLOCK, size=len(shape.tensors()))
    at = dict(zip(shape.tensors(), offsets.tolist(), strict=True))
    places: dict[str, str] = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        places |= dict.fromkeys(names, file)
        _write_shard(folder / file, {name: (shape.tensors()[name], at[name]) for name in names}, block)
    index = {"metadata": {"total_size": shape.weight_bytes}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def same_weights(folder: Path, source: Path, shape: Shape) -> Path:
    """A model folder of another family that shares a model's weights files on disk; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            # A hard link: some readers resolve symbolic ones and look for the config there.
            (folder / path.name).hardlink_to(path)
        elif path.name != "config.json":
            shutil.copy(path, folder)
    _write_config(folder, shape)
    return folder


def _shards(shape: Shape) -> Iterator[list[str]]:
    names: list[str] = []
    total = 0
    for name, size in shape.tensors().items():
        size_bytes = 2 * int(np.prod(size))
        if names and total + size_bytes > _SHARD_BYTES:
            yield names
            names, total = [], 0
        names.append(name)
        total += size_bytes
    yield names


def _random_block() -> Any:
    import torch

    generator = torch.Generator().manual_seed(0)
    return (torch.randn(_BLOCK, generator=generator) * _SPREAD).to(torch.bfloat16)


def _write_shard(path: Path, tensors: dict[str, tuple[tuple[int, ...], int]], block: Any) -> None:
    """Fill each tensor from the block, from its offset on and round again: drawing anew takes minutes."""
    import torch
    from safetensors.torch import save_file

    content = {}
    for name, (size, offset) in tensors.items():
        if name.endswith("norm.weight"):
            content[name] = torch.ones(size, dtype=torch.bfloat16)
            continue
        count = int(np.prod(size))
        rounds = -(-count // _BLOCK)
        content[name] = torch.roll(block, -offset).repeat(rounds)[:count].reshape(size).contiguous()
    save_file(content, str(path), metadata={"format": "pt"})


def _write_texts(folder: Path, shape: Shape) -> None:
    _write_config(folder, shape)
    _write_tokenizer(folder, shape)
    (folder / "chat_template.jinja").write_text(_TEMPLATE, encoding="utf-8")


def _write_config(folder: Path, shape: Shape) -> None:
    config = {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "dtype": "bfloat16",
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "intermediate_size": shape.intermediate,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.positions,
        "tie_word_embeddings": False,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        # Else transformers warns of a fault in old tokenizers of another model.
        "transformers_version": "5.0.0",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _write_tokenizer(folder: Path, shape: Shape) -> None:
    """Bytes, and made-up words for the other tokens: prompts are read byte by byte, answers are words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens += [f"Ġ{i:x}" for i in range(16, 16 + shape.vocabulary - len(tokens))]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shape.positions}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
