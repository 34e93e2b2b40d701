"""What a switch within a family costs on a CPU: two models of 5.7 MB with random weights, taken in turns.

    python -m eval.performance.hosting --only reload

Measured by the slot, all checks included (every weight that the engine holds is compared with the file).
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from eval.performance.gpu_models import Shape, write_model
from eval.performance.measuring import timed
from experts.completion import Request
from experts.config import EngineArguments, HostingConfig, VllmExpert
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message
from experts.sampling import SamplingConfig

_SHAPE = Shape("5.7 MB", 192, 4, 3, 3, 640, 2048, positions=2048)
_SAMPLING = SamplingConfig(max_tokens=4)


def run(reloads: int = 20) -> dict[str, Any]:
    """Seconds of so many reloads."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = asyncio.run(_in_turns(Path(folder), reloads))
    return {
        "weight_bytes": _SHAPE.weight_bytes,
        "reloads": len(seconds),
        "median_s": statistics.median(seconds),
        "largest_s": max(seconds),
    }


async def _in_turns(folder: Path, reloads: int) -> list[float]:
    experts = {
        name: VllmExpert(
            model=str(write_model(folder / name, _SHAPE, seed=seed)),
            sampling=_SAMPLING,
            engine=EngineArguments(dtype="float32", max_model_len=256),
        )
        for seed, name in enumerate("ab")
    }
    engine = HostedEngine(experts, HostingConfig(device="cpu", kv_cache_gib=0.25))
    try:
        for i in range(reloads + 1):
            request = Request(
                id=str(i),
                expert="ab"[i % 2],
                query_id=str(i),
                messages=(Message("user", "hello"),),
                sampling=_SAMPLING,
            )
            await timed(engine, [request])
        return [s.seconds for s in engine.switches() if s.kind == "reload"]
    finally:
        await engine.close()
