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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.performance.gpu_models import Shape, write_model
from eval.performance.gpu_setup import Report, Setup
from eval.performance.json_child import JsonChild, json_child
from eval.performance.measuring import answer_tokens, timed
from eval.performance.yardstick import bare_settings, rendered
from experts.completion import Request
from experts.config import VllmExpert
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message

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
        eager = setup.device == "cpu" or setup.eager
        settings = bare_settings(expert, setup.hosting(), setup.device, eager=eager)
        async with json_child("eval.performance.bare_vllm", settings, environment, log) as bare:
            await bare.read()
            await _rounds(setup, report, shape, expert, bare)
        await asyncio.to_thread(shutil.rmtree, setup.scratch / "models")


async def _rounds(setup: Setup, report: Report, shape: Shape, expert: VllmExpert, bare: JsonChild) -> None:
    engine = HostedEngine({shape.name: expert}, setup.hosting())
    try:
        for number in range(_ROUNDS):
            # Prompts differ from round to round, or the prefix cache would answer half of the question.
            texts = prompts(512 if setup.device == "gpu" else 48, seed=number)
            conversations = [(Message("user", text),) for text in texts]
            theirs = await bare.ask(rendered(Path(expert.model), conversations))
            requests = [
                Request(id=str(i), expert=shape.name, query_id=str(i), messages=c, sampling=expert.sampling)
                for i, c in enumerate(conversations)
            ]
            seconds, completions = await timed(engine, requests)
            tokens = answer_tokens(completions)
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


def prompts(n: int, seed: int) -> list[str]:
    """Made-up questions of about 110 characters, which are as many tokens of the made-up models."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz     "
    return [f"{i}: {''.join(rng.choices(letters, k=105))}" for i in range(n)]


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
