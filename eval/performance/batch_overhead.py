"""What our hosting costs on top of vLLM: one batch through the slot actor against `LLM.generate`.

    python -m eval.performance.batch_overhead

Same prompts, same expert, same engine settings, same machine, in turns within one run; both engines
are warm. The bare engine has all cores (`--threads`), ours what `hosting` says. Our time includes chat
templates, Ray, the pipe and detokenisation; vLLM's its own tokenizing and detokenising. Prints the
median of each and of the ratio pair by pair.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from compound.config import default_config_path, load_config
from eval.benchmarks.names import pocket_queries
from eval.performance.json_child import json_child
from eval.performance.measuring import answer_tokens, timed
from eval.performance.yardstick import bare_settings, rendered
from experts.completion import Request
from experts.config import VllmExpert
from experts.errors import ConfigError
from experts.hosting.environment import engine_environment
from experts.hosting.hosted_engine import HostedEngine
from experts.prompts import render_messages
from experts.query import Message


async def _compare(expert_name: str, n: int, rounds: int, threads: int) -> list[dict[str, float]]:
    config = load_config(default_config_path())
    expert, hosting = config.all_experts[expert_name], config.hosting
    if not isinstance(expert, VllmExpert):
        raise ConfigError(f"{expert_name!r} is not hosted here.")
    conversations = [render_messages(q, config.prompts) for q in pocket_queries("test", n)]
    prompts = rendered(Path(expert.model), conversations)
    settings = bare_settings(expert, hosting, "cpu", eager=True)
    environment = engine_environment("cpu", threads)
    engine, rows = HostedEngine({expert_name: expert}, hosting), []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "bare.log"
        try:
            async with json_child("eval.performance.bare_vllm", settings, environment, log) as bare:
                await bare.read()
                for number in range(rounds + 1):
                    theirs = await bare.ask(prompts)
                    requests = _requests(f"{number}", expert_name, expert, conversations)
                    seconds, completions = await timed(engine, requests)
                    if number:  # the first round warms both up
                        rows.append(
                            {
                                "ours": seconds,
                                "bare": theirs["seconds"],
                                "tokens": answer_tokens(completions),
                                "bare_tokens": theirs["tokens"],
                            }
                        )
        finally:
            await engine.close()
    return rows


def _requests(
    tag: str, name: str, expert: VllmExpert, conversations: Sequence[tuple[Message, ...]]
) -> list[Request]:
    return [
        Request(id=f"{tag}/{i}", expert=name, query_id=str(i), messages=c, sampling=expert.sampling)
        for i, c in enumerate(conversations)
    ]


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
