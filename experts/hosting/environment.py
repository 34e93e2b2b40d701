"""Environment variables of an engine process. Knows no process and no engine."""

from __future__ import annotations

from typing import Literal


def engine_environment(device: Literal["cpu", "gpu"], threads: int) -> dict[str, str]:
    """What is put on top of the slot's own environment.

    Args:
        device: what the engine runs on.
        threads: CPU threads of its arithmetic; without meaning on a GPU.
    """
    common = {
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # Weights were resolved to a folder before; nothing may be fetched behind our back.
        "HF_HUB_OFFLINE": "1",
    }
    if device == "gpu":
        # The comparison of weights is a callable sent to vLLM's own worker process.
        return common | {"VLLM_ALLOW_INSECURE_SERIALIZATION": "1"}
    return common | {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        # Nothing is compiled in eager mode but small helpers, for which a C++ compiler must be there
        # and seconds are paid at the first use.
        "TORCHDYNAMO_DISABLE": "1",
        # Ray gives an actor OMP_NUM_THREADS of its own; slots must not all bind to the same cores.
        "OMP_NUM_THREADS": str(threads),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }
