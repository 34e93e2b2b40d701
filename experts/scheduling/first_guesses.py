"""First guesses of costs, from a model's size and the kind of device, for machines that know nothing yet.

Anchors on a GPU: vLLM's blog of 2025-10-26 (A100, 61 GB in bfloat16): cold start 0.78 s/GB, sleep and
wake together 0.09 s/GB, level-2 sleep with reload 0.31 s/GB. Anchors on a CPU: our miniature pool on
two cores (2 MB of weights): reload 0.04 s, new engine 2.9 s, new process 9.6 s, 5,000 tokens a second.
Knows nothing of observations.
"""

from __future__ import annotations

from typing import Final

from experts.scheduling.switches import SwitchKind

START_S: Final = 4.0
"""Seconds to start Ray and the slots on one machine."""
CHARACTERS_PER_TOKEN: Final = 4.0
"""Of English prompts, roughly, for the vocabularies of common models."""
ANSWER_SHARE: Final = 0.5
"""Share of `max_tokens` that an answer takes: rather too much than too little, since a plan that
promises too little disappoints."""
PROMPT_WEIGHT: Final = 0.25
"""What a prompt token costs beside a completion token: prompts are read many tokens a step."""

_UNKNOWN_BYTES = 15_000_000_000
"""Weights of unknown size count as 7 billion parameters in 16 bits, the commonest size in pools."""
_GB = 1e9

_SWITCH_CPU: dict[SwitchKind, tuple[float, float]] = {
    "wake": (0.03, 1.0),
    "reload": (0.035, 1.0),
    "new_engine": (2.9, 2.0),
    "new_process": (9.6, 2.0),
}
"""(seconds, seconds per GB). The slope is our guess: weights are read, converted and packed on cores.
Nothing sleeps on a CPU; a wake is priced as what would take its place."""
_SWITCH_GPU: dict[SwitchKind, tuple[float, float]] = {
    "wake": (0.25, 0.09),
    "reload": (0.25, 0.31),
    "new_engine": (5.0, 0.78),
    "new_process": (15.0, 0.78),
}
"""The floors are ours: imports and CUDA context take about 10 s of a new process, memory profiling and
graphs about 5 s of a new engine."""


def is_cpu(device: str) -> bool:
    """Whether a device name is that of a CPU: these begin with "cpu"."""
    return device.lower().startswith("cpu")


def switch_seconds(kind: SwitchKind, weight_bytes: int, device: str) -> float:
    """Seconds of a switch."""
    fixed, per_gb = (_SWITCH_CPU if is_cpu(device) else _SWITCH_GPU)[kind]
    return fixed + per_gb * _bytes(weight_bytes) / _GB


def work_fixed_seconds(device: str) -> float:
    """Seconds of a residency that do not grow with its tokens: the first step, the last long answer."""
    return 0.1 if is_cpu(device) else 0.5


def token_seconds(weight_bytes: int, device: str) -> float:
    """Seconds a completion token, in a full batch.

    CPU: 0.2 ms of engine overhead, and two operations a 16-bit parameter at 100 GFLOP/s. GPU: decoding
    is bound by reading the weights once a step: 2 TB/s at half efficiency, 64 sequences a step, 5 ms of
    overhead a step.
    """
    size = _bytes(weight_bytes)
    if is_cpu(device):
        return 2.0e-4 + size / 1e11
    return (5e-3 + size / 1e12) / 64


def _bytes(weight_bytes: int) -> int:
    return weight_bytes if weight_bytes > 0 else _UNKNOWN_BYTES
