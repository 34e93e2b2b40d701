"""A pretrained encoder network with a linear classifier on the mean of its last layer.

Reads texts and gives logits; loads and saves itself. Knows no experts, no loss. transformers and
torch are imported when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from experts.errors import ConfigError
from routers.likelihood import Array

Tokens = list[list[int]]
"""Token ids of each text, special ones included."""
_PREDICT_BATCH = 64


@dataclass(slots=True, kw_only=True)
class Network:
    """Three parts that belong together, and where they are."""

    body: Any
    """A transformers model whose output has `last_hidden_state`."""
    head: Any
    """torch.nn.Linear from hidden size to outputs."""
    tokenizer: Any
    max_tokens: int
    device: str

    @classmethod
    def load(cls, model: str, *, revision: str | None, bias: Array, max_tokens: int, device: str) -> Self:
        """A pretrained body with a fresh head whose logits are `bias` (outputs,) for every text.

        Raises:
            ConfigError: torch is missing, or there is no such model.
        """
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer
        except ImportError as error:
            raise ConfigError(
                "The transformer router needs torch, which is not installed: `pip install "
                "'compound-llm[embeddings]'`, or use the router of kind `linear`."
            ) from error
        place = str(Path(model).expanduser()) if model.startswith((".", "/", "~")) else model
        try:
            tokenizer = AutoTokenizer.from_pretrained(place, revision=revision)
            body = AutoModel.from_pretrained(place, revision=revision, dtype=torch.float32)
        except (OSError, ValueError) as error:
            raise ConfigError(f"No encoder network could be loaded from {model!r}: {error}") from error
        head = torch.nn.Linear(body.config.hidden_size, len(bias))
        torch.nn.init.zeros_(head.weight)
        with torch.no_grad():
            head.bias.copy_(torch.as_tensor(bias))
        limit = min(max_tokens, getattr(body.config, "max_position_embeddings", max_tokens))
        return cls(
            body=body.to(device).eval(),
            head=head.to(device),
            tokenizer=tokenizer,
            max_tokens=limit,
            device=device,
        )

    def tokens(self, texts: Sequence[str]) -> tuple[Tokens, list[bool]]:
        """Token ids, and which texts were too long: of these the first and the last half is kept."""
        # Special tokens stand at the ends, and so stay when the middle is cut out.
        whole = self.tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
        cut = [len(ids) > self.max_tokens for ids in whole]
        first = self.max_tokens - self.max_tokens // 2
        last = self.max_tokens // 2
        kept = [
            [*ids[:first], *ids[-last:]] if long else list(ids) for ids, long in zip(whole, cut, strict=True)
        ]
        return kept, cut

    def forward(self, tokens: Sequence[Sequence[int]]) -> Any:
        """Logits (n, outputs) of one batch, a tensor on the device."""
        import torch

        batch = self.tokenizer.pad({"input_ids": list(tokens)}, return_tensors="pt").to(self.device)
        hidden = self.body(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
        ).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        return self.head(torch.nn.functional.normalize(mean, dim=1))

    def logits(self, tokens: Tokens) -> Array:
        """Logits (n, outputs) of any number of texts, without gradients."""
        import torch

        result = np.zeros((len(tokens), self.head.out_features))
        with torch.inference_mode():
            for rows in batches(tokens, _PREDICT_BATCH):
                result[rows] = self.forward([tokens[i] for i in rows]).double().cpu().numpy()
        return result

    def save(self, folder: Path) -> None:
        """Write all three parts (safetensors) so that `load_saved` needs nothing else."""
        from safetensors.torch import save_file

        self.body.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        head = {name: tensor.contiguous().cpu() for name, tensor in self.head.state_dict().items()}
        save_file(head, str(folder / "head.safetensors"))

    @classmethod
    def load_saved(cls, folder: Path, *, max_tokens: int, device: str) -> Self:
        """Read what `save` wrote.

        Raises:
            ConfigError: it is missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            head = load_file(str(folder / "head.safetensors"), device="cpu")
        except (OSError, SafetensorError) as error:
            raise ConfigError(
                f"The network in {folder} cannot be read ({error}): train the router again with "
                "`compound train`."
            ) from error
        bias = head["bias"].double().numpy()
        network = cls.load(
            str(folder.resolve()), revision=None, bias=bias, max_tokens=max_tokens, device=device
        )
        network.head.load_state_dict(head)
        return network


def batches(tokens: Tokens, size: int) -> Iterator[list[int]]:
    """Rows in batches of texts of like length, so that little of a batch is padding."""
    order = sorted(range(len(tokens)), key=lambda i: (len(tokens[i]), i))
    for start in range(0, len(order), size):
        yield order[start : start + size]
