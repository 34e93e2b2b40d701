"""Batched greedy answers of one miniature model in plain PyTorch.

For scoring and for collecting candidates while the pool is built; the system itself hosts the models
with vLLM. Knows nothing of gold answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from eval.pocket.models import load_model
from eval.pocket.vocabulary import END, PAD, SPECIALS, chat_ids

MAX_TOKENS = {"expert": 80, "annotator": 16, "aggregator": 40}
"""Tokens that the longest answer of a role needs, with some to spare."""
_PAD_ID, _END_ID = SPECIALS.index(PAD), SPECIALS.index(END)


def generate(folder: Path, users: Sequence[str], max_tokens: int, batch: int = 128) -> list[str]:
    """The model's greedy answer to each user turn, in order."""
    model = load_model(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    prompts = [chat_ids(tokenizer, user)[0] for user in users]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    texts = [""] * len(prompts)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        outputs = _greedy(model, [prompts[i] for i in chosen], max_tokens)
        for i, ids in zip(chosen, outputs, strict=True):
            texts[i] = tokenizer.decode(ids, skip_special_tokens=True)
    return texts


@torch.inference_mode()
def _greedy(model: torch.nn.Module, prompts: list[list[int]], max_tokens: int) -> list[list[int]]:
    longest = max(map(len, prompts))
    inputs = torch.tensor([[_PAD_ID] * (longest - len(p)) + p for p in prompts])
    outputs = model.generate(
        input_ids=inputs,
        attention_mask=(inputs != _PAD_ID).long(),
        max_new_tokens=max_tokens,
        do_sample=False,
        eos_token_id=_END_ID,
        pad_token_id=_PAD_ID,
    )
    return [_until_end(row[longest:].tolist()) for row in outputs]


def _until_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(_END_ID)] if _END_ID in ids else ids
