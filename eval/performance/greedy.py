"""Greedy tokens of what a `VllmAdapter` holds, to see whether two engines hold the same weights."""

from __future__ import annotations

from collections.abc import Sequence

from experts.hosting.messages import EngineSpec, TokenRequest
from experts.hosting.vllm_adapter import VllmAdapter
from experts.sampling import SamplingConfig


def greedy_tokens(adapter: VllmAdapter, prompts: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    """For every prompt of token ids, n token ids; submitted together, so that batches are composed alike."""
    sampling = SamplingConfig(max_tokens=n)
    for i, prompt in enumerate(prompts):
        adapter.add(TokenRequest(str(i), tuple(prompt), sampling, n, (), stream=False))
    found: dict[str, list[int]] = {str(i): [] for i in range(len(prompts))}
    while adapter.busy:
        for event in adapter.step():
            found[event.id] += event.ids
    return list(found.values())


def fresh_tokens(spec: EngineSpec, prompts: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    """The same of a new engine, which is ended afterwards."""
    adapter = VllmAdapter()
    adapter.load(spec)
    try:
        return greedy_tokens(adapter, prompts, n)
    finally:
        adapter.shutdown()
