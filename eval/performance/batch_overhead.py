"""What our hosting costs on top of vLLM: one batch through the slot actor against `LLM.generate`.

    python -m eval.performance.batch_overhead

Same prompts, same expert, same engine settings, same machine, in turns within one run; both engines
are warm. The bare engine has all cores (`--threads`), ours what `hosting` says. Our time includes chat
templates, Ray, the pipe and detokenisation; vLLM's its own tokenizing and detokenising. Prints the
median of each and of the ratio pair by pair.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console

from compound.config import default_config_path, load_config
from eval.benchmarks import load_benchmark
from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.engine import generate
from experts.errors import ConfigError
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_engine import HostedEngine
from experts.prompts import render_messages


class _Bare:
    """The yardstick's process."""

    def __init__(self, expert: VllmExpert, hosting: HostingConfig, threads: int) -> None:
        engine = {
            "model": expert.model,
            "dtype": expert.engine.dtype,
            "max_model_len": expert.engine.max_model_len,
            "max_num_seqs": expert.engine.max_num_seqs,
            "enforce_eager": True,
            "kv_cache_memory_bytes": int(hosting.kv_cache_gib * 2**30),
        }
        settings = json.dumps({"engine": engine, "max_tokens": expert.sampling.max_tokens})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eval.performance.bare_vllm", settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **engine_environment("cpu", threads)},
        )
        self._read()

    def run(self, prompts: list[str]) -> dict[str, Any]:
        stdin: IO[str] = self._process.stdin  # type: ignore[assignment]
        stdin.write(json.dumps(prompts) + "\n")
        stdin.flush()
        return self._read()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        stdout: IO[str] = self._process.stdout  # type: ignore[assignment]
        line = stdout.readline()
        if not line:
            raise ConfigError("The bare vLLM process ended; is vLLM installed?")
        result: dict[str, Any] = json.loads(line)
        return result


async def _ours(engine: HostedEngine, requests: list[Request]) -> tuple[float, int]:
    started = time.perf_counter()
    completions = await generate(engine, requests)
    seconds = time.perf_counter() - started
    failures = [c.error for c in completions if c.error]
    if failures:
        raise ConfigError(f"{len(failures)} requests failed, first: {failures[0]}")
    return seconds, sum(c.usage.completion_tokens for c in completions)


async def _compare(expert_name: str, n: int, rounds: int, threads: int) -> list[dict[str, float]]:
    from transformers import AutoTokenizer

    config = load_config(default_config_path())
    expert = config.all_experts[expert_name]
    if not isinstance(expert, VllmExpert):
        raise ConfigError(f"{expert_name!r} is not hosted here.")
    conversations = [render_messages(q.query, config.prompts) for q in load_benchmark("pocket", "test", n)]
    tokenizer = AutoTokenizer.from_pretrained(str(Path(expert.model)))
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in c], tokenize=False, add_generation_prompt=True
        )
        for c in conversations
    ]
    hosting = config.hosting
    engine, bare = HostedEngine({expert_name: expert}, hosting), _Bare(expert, hosting, threads)
    rows = []
    try:
        for number in range(rounds + 1):
            requests = [
                Request(
                    id=f"{number}/{i}",
                    expert=expert_name,
                    query_id=str(i),
                    messages=c,
                    sampling=expert.sampling,
                )
                for i, c in enumerate(conversations)
            ]
            theirs = bare.run(prompts)
            seconds, tokens = await _ours(engine, requests)
            if number:  # the first round warms both up
                rows.append(
                    {
                        "ours": seconds,
                        "bare": theirs["seconds"],
                        "tokens": tokens,
                        "bare_tokens": theirs["tokens"],
                    }
                )
    finally:
        bare.close()
        await engine.close()
    return rows


def run(
    expert: str = "abacus", n: int = 900, rounds: int = 5, threads: int = os.cpu_count() or 1
) -> dict[str, Any]:
    """Seconds of both ways and their ratios, pair by pair."""
    rows = asyncio.run(_compare(expert, n, rounds, threads))
    ratios = [r["ours"] / r["bare"] for r in rows]
    return {
        "prompts": n,
        "rounds": rounds,
        "tokens": rows[0]["tokens"],
        "bare_tokens": rows[0]["bare_tokens"],
        "ours_s": statistics.median(r["ours"] for r in rows),
        "bare_s": statistics.median(r["bare"] for r in rows),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


def show(result: Mapping[str, Any], screen: Console) -> None:
    """The figures in words."""
    screen.print(
        f"{result['prompts']} prompts, {result['tokens']:.0f} tokens ours, {result['bare_tokens']:.0f} bare, "
        f"{result['rounds']} rounds"
    )
    screen.print(f"bare LLM.generate  median {result['bare_s']:.2f} s")
    screen.print(f"through the slot   median {result['ours_s']:.2f} s")
    low, high = min(result["ratios"]), max(result["ratios"])
    screen.print(f"ratio pair by pair {result['ratio']:.2f} (median), {low:.2f} to {high:.2f}")


def main(
    expert: Annotated[str, typer.Option(help="A hosted expert of the miniature pool.")] = "abacus",
    n: Annotated[int, typer.Option("-n", help="Prompts in the batch.")] = 900,
    rounds: Annotated[int, typer.Option(help="Counted rounds, after one to warm up.")] = 5,
    threads: Annotated[int, typer.Option(help="CPU threads of the bare engine.")] = os.cpu_count() or 1,
) -> None:
    """Compare a batch through the slot with vLLM's own `LLM.generate`."""
    show(run(expert, n, rounds, threads), Console(highlight=False))


if __name__ == "__main__":
    typer.run(main)
