"""What `bare_vllm` is given so that it does the same work as our slot: engine settings and rendered prompts.

Knows neither Ray nor how the two are timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from experts.config import HostingConfig, VllmExpert
from experts.query import Message


def bare_settings(
    expert: VllmExpert, hosting: HostingConfig, device: Literal["cpu", "gpu"], *, eager: bool
) -> dict[str, Any]:
    """The argument of `bare_vllm` for the engine that our slot builds.

    Args:
        expert: whose engine; its `sampling.max_tokens` bounds the answers.
        hosting: the size of the KV cache on a CPU.
        device: what both run on.
        eager: without torch.compile and CUDA graphs.
    """
    engine: dict[str, Any] = {
        "model": expert.model,
        "dtype": expert.engine.dtype,
        "max_model_len": expert.engine.max_model_len,
        "max_num_seqs": expert.engine.max_num_seqs,
        "enforce_eager": eager,
    }
    if device == "gpu":
        engine["gpu_memory_utilization"] = expert.engine.gpu_memory_utilization
    else:
        engine["kv_cache_memory_bytes"] = int(hosting.kv_cache_gib * 2**30)
    return {"engine": engine, "max_tokens": expert.sampling.max_tokens}


def rendered(folder: Path, conversations: Sequence[Sequence[Message]]) -> list[str]:
    """Prompts as text, equal to what our slot makes of the conversations.

    Args:
        folder: of a model whose tokenizer needs no code of its own and has a chat template.
        conversations: oldest message first.
    """
    from transformers import PreTrainedTokenizerFast

    tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(str(folder))
    turns = [[{"role": m.role, "content": m.content} for m in c] for c in conversations]
    return [str(tokenizer.apply_chat_template(t, tokenize=False, add_generation_prompt=True)) for t in turns]
