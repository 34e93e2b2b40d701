"""Tokens per second through the slot against vLLM's own `LLM.generate`: a part of `gpu_hosting`.

Same prompts, model and engine settings on the same device, in turns; both engines are alive throughout,
each with a share of the GPU's memory, and one is idle while the other works. Our time includes chat template,
tokenizing, Ray, the pipe and detokenising; vLLM's its own tokenizing and detokenising.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.performance.gpu_child import JsonChild, json_child
from eval.performance.gpu_models import Shape, write_model
from eval.performance.gpu_setup import Report, Setup
from experts.completion import Request
from experts.config import VllmExpert
from experts.engine import generate
from experts.errors import ExpertError
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message
from experts.sampling import SamplingConfig

_SHARE = 0.4
"""Of the GPU's memory for each of the two engines."""
_ROUNDS = 4
"""The first warms both up and is not counted."""
_SHAPE_S = 100.0
"""First guess for one shape; two engines are built."""


async def measure(setup: Setup, report: Report) -> None:
    """For each shape one row a round."""
    for shape in setup.shapes:
        if not report.time_for(_SHAPE_S):
            return
        folder = await asyncio.to_thread(write_model, setup.scratch / "models" / shape.name, shape, 1)
        expert = setup.expert(folder, share=_SHARE)
        environment = engine_environment(setup.device, setup.threads)
        log = setup.scratch / f"bare-{shape.name}.log"
        async with json_child("eval.performance.bare_vllm", _bare(setup, expert), environment, log) as bare:
            await bare.read()
            await _rounds(setup, report, shape, expert, bare)
        await asyncio.to_thread(shutil.rmtree, setup.scratch / "models")


def _bare(setup: Setup, expert: VllmExpert) -> dict[str, Any]:
    """Settings of `bare_vllm` that give it the engine that ours has."""
    engine: dict[str, Any] = {
        "model": expert.model,
        "dtype": expert.engine.dtype,
        "max_model_len": expert.engine.max_model_len,
        "max_num_seqs": expert.engine.max_num_seqs,
        "enforce_eager": setup.device == "cpu" or setup.eager,
        "generation_config": "vllm",
    }
    if setup.device == "gpu":
        engine["gpu_memory_utilization"] = expert.engine.gpu_memory_utilization
    else:
        engine["kv_cache_memory_bytes"] = int(setup.hosting().kv_cache_gib * 2**30)
    return {"engine": engine, "max_tokens": setup.answer_tokens}


async def _rounds(setup: Setup, report: Report, shape: Shape, expert: VllmExpert, bare: JsonChild) -> None:
    template = _Template(Path(expert.model))
    engine = HostedEngine({shape.name: expert}, setup.hosting())
    try:
        for number in range(_ROUNDS):
            # Prompts differ from round to round, or the prefix cache would answer half of the question.
            texts = prompts(512 if setup.device == "gpu" else 48, seed=number)
            theirs = await bare.ask([template.render(text) for text in texts])
            seconds, tokens = await _ours(engine, shape.name, texts, expert.sampling)
            if number:
                report.add(
                    shape=shape.name,
                    round=number,
                    prompts=len(texts),
                    ours_s=seconds,
                    bare_s=theirs["seconds"],
                    ours_tokens=tokens,
                    bare_tokens=theirs["tokens"],
                    ours_tokens_per_s=tokens / seconds,
                    bare_tokens_per_s=theirs["tokens"] / theirs["seconds"],
                )
    finally:
        await engine.close()


class _Template:
    """The text that `bare_vllm` is given, equal to what our slot makes of the message."""

    def __init__(self, folder: Path) -> None:
        from transformers import PreTrainedTokenizerFast

        self._tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(str(folder))

    def render(self, text: str) -> str:
        turns = [{"role": "user", "content": text}]
        return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))


def prompts(n: int, seed: int) -> list[str]:
    """Made-up questions of about 110 characters, which are as many tokens of the made-up models."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz     "
    return [f"{i}: {''.join(rng.choices(letters, k=105))}" for i in range(n)]


async def _ours(
    engine: HostedEngine, expert: str, texts: Sequence[str], sampling: SamplingConfig
) -> tuple[float, int]:
    requests = [
        Request(
            id=str(i), expert=expert, query_id=str(i), messages=(Message("user", text),), sampling=sampling
        )
        for i, text in enumerate(texts)
    ]
    began = time.perf_counter()
    completions = await generate(engine, requests)
    seconds = time.perf_counter() - began
    errors = [c.error for c in completions if c.error]
    if errors:
        raise ExpertError(f"{len(errors)} of {len(requests)} requests failed, first: {errors[0]}")
    return seconds, sum(c.usage.completion_tokens for c in completions)


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians of each shape; the ratio is that of seconds, pair by pair."""
    found = []
    for shape in dict.fromkeys(row["shape"] for row in rows if "round" in row):
        mine = [row for row in rows if row.get("shape") == shape]
        medians = {
            name: statistics.median(row[name] for row in mine)
            for name in ("ours_s", "bare_s", "ours_tokens_per_s", "bare_tokens_per_s")
        }
        ratios = [row["ours_s"] / row["bare_s"] for row in mine]
        found.append({"shape": shape, "rounds": len(mine), **medians, "ratio": statistics.median(ratios)})
    return found
