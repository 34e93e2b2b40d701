"""A part of `reload_trial`: certainty as a real engine measures it, and as transformers computes it."""

import math
from collections.abc import Sequence
from typing import Any

from experts.completion import Certainty
from experts.hosting.messages import TokenRequest
from experts.hosting.vllm_adapter import VllmAdapter
from experts.sampling import SamplingConfig

ANSWER = 12
PROMPTS = [(5, 6, 7, 8), (9, 10, 11, 12, 13), (20, 30, 40), tuple(range(3, 203))]
"""The last is read in pieces: it is longer than a step of the trial's engine."""

Answers = tuple[list[list[int]], list[list[float | None] | None]]
"""Token ids, and mean log-probability, self-certainty and top_k of each answer."""


def answers(
    adapter: VllmAdapter, asking: Sequence[bool], *, stream: bool = False, temperature: float = 0.0
) -> Answers:
    """All prompts together; `asking` says which of them ask for certainty."""
    for i, (prompt, asks) in enumerate(zip(PROMPTS, asking, strict=True)):
        sampling = SamplingConfig(max_tokens=ANSWER, certainty=asks, temperature=temperature)
        adapter.add(TokenRequest(f"7/{i}", prompt, sampling, ANSWER, (), stream=stream))
    tokens: dict[str, list[int]] = {f"7/{i}": [] for i in range(len(PROMPTS))}
    told: dict[str, Certainty | None] = {}
    while adapter.busy:
        for event in adapter.step():
            tokens[event.id] += event.ids
            told[event.id] = event.certainty
    found = [told[name] for name in tokens]
    return list(tokens.values()), [
        None if c is None else [c.mean_logprob, c.self_certainty, c.top_k] for c in found
    ]


def recomputed(folder: str, answered: Sequence[Sequence[int]]) -> list[list[float]]:
    """Mean log-probability and self-certainty of answers, by a forward pass of transformers in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    found = []
    for prompt, ids in zip(PROMPTS, answered, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1].double()
        logprobs = logits.log_softmax(dim=-1)
        own = logprobs.gather(-1, torch.tensor(ids)[:, None]).mean()
        found.append([float(own), float(-logprobs.mean()) - math.log(logits.shape[-1])])
    return found


def certainty_trial(adapter: VllmAdapter, folder: str) -> dict[str, Any]:
    """Of the weights that the adapter holds, which are those of `folder`."""
    everybody, nobody = [True] * len(PROMPTS), [False] * len(PROMPTS)
    trial: dict[str, Any] = {
        "off": answers(adapter, nobody),
        "on": answers(adapter, everybody),
        "mixed": answers(adapter, [True, False, True, False]),
        "stream": answers(adapter, everybody, stream=True),
        "hot": answers(adapter, everybody, temperature=1.5),
    }
    trial["expected"] = recomputed(folder, trial["on"][0])
    trial["expected_hot"] = recomputed(folder, trial["hot"][0])
    watched = adapter._gauge
    assert watched is not None
    # Pretend that this engine's sampler cannot be watched.
    watched._watches = False
    trial["approximate"] = answers(adapter, everybody)
    watched._watches = True
    return trial
