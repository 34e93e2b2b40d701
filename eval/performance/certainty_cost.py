"""What measuring self-certainty costs in the engine: tokens a second with and without, by vocabulary.

    python -m eval.performance.certainty_cost [--vocabularies 500,150000] [--requests 64] [--tokens 32]
                                              [--rounds 3] [--hidden 128]

Each vocabulary gets a miniature model with random weights of its own, since only the vocabulary's size
matters to the cost. The same greedy requests run in turn with certainty and without, and the fastest round
counts: on a busy machine others' work only adds. Also times the arithmetic alone on logits of the same
size. With so small a model the share is an upper bound: a real one spends far more on all else. Gives JSON.
The texts must be the same both ways, or it ends with an error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from experts.config import EngineArguments
from experts.errors import CompoundError, ExpertError
from experts.hosting.environment import engine_environment
from experts.hosting.messages import EngineSpec, TokenRequest
from experts.hosting.sampler_watch import measure
from experts.hosting.vllm_adapter import VllmAdapter
from experts.sampling import SamplingConfig

_PROMPT = 8


def random_model(folder: Path, vocabulary: int, hidden: int) -> None:
    """Save a one-layer model with random weights, float32, its output head untied."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=False,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)


def engine_spec(folder: Path, requests: int) -> EngineSpec:
    """An engine on the CPU that runs all requests at once."""
    return EngineSpec(
        expert=folder.name,
        key=folder.name,
        folder=str(folder),
        family="certainty-cost",
        scheduled_family="certainty-cost",
        reload_obstacle="each model gets an engine of its own",
        engine=EngineArguments(dtype="float32", max_model_len=256, max_num_seqs=requests),
        device="cpu",
        kv_cache_bytes=2**28,
        verify_reload=False,
        can_sleep=False,
    )


def run_round(
    adapter: VllmAdapter, *, requests: int, tokens: int, certainty: bool
) -> tuple[float, list[tuple[int, ...]]]:
    """Seconds of one batch, and the tokens of every answer.

    Raises:
        ExpertError: an answer that asked for its certainty came without.
    """
    sampling = SamplingConfig(max_tokens=tokens, certainty=certainty)
    for i in range(requests):
        prompt = tuple(1 + (7 * i + j) % 97 for j in range(_PROMPT))
        adapter.add(TokenRequest(str(i), prompt, sampling, tokens, (), stream=False))
    answers: dict[str, tuple[int, ...]] = {}
    started = time.perf_counter()
    while adapter.busy:
        for event in adapter.step():
            answers[event.id] = event.ids
            if certainty and (event.certainty is None or event.certainty.top_k is not None):
                raise ExpertError(f"Request {event.id} came without its certainty over the full vocabulary.")
    return time.perf_counter() - started, [answers[str(i)] for i in range(requests)]


def cost_of_engine(
    vocabulary: int, *, requests: int, tokens: int, rounds: int, hidden: int
) -> dict[str, Any]:
    """Tokens a second with and without certainty, and what a token costs more.

    Raises:
        ExpertError: certainty changed an answer, or was not measured.
    """
    seconds: dict[bool, list[float]] = {False: [], True: []}
    answers = []
    with tempfile.TemporaryDirectory(prefix="certainty-cost-") as scratch:
        random_model(Path(scratch), vocabulary, hidden)
        adapter = VllmAdapter()
        adapter.load(engine_spec(Path(scratch), requests))
        # The first round of each warms up.
        for number in range(rounds + 1):
            for certainty in (False, True):
                took, given = run_round(adapter, requests=requests, tokens=tokens, certainty=certainty)
                answers.append(given)
                if number:
                    seconds[certainty].append(took)
        adapter.shutdown()
    if any(given != answers[0] for given in answers):
        raise ExpertError(f"With {vocabulary} vocabulary entries certainty changed an answer.")
    without, with_it = (min(seconds[asked]) for asked in (False, True))
    made = requests * tokens
    return {
        "tokens_per_s_without": round(made / without, 1),
        "tokens_per_s_with": round(made / with_it, 1),
        "slower_by": round(with_it / without - 1.0, 4),
        "added_us_per_token": round((with_it - without) / made * 1e6, 2),
        "seconds_without": [round(s, 3) for s in seconds[False]],
        "seconds_with": [round(s, 3) for s in seconds[True]],
    }


def cost_of_arithmetic(vocabulary: int, *, rows: int, rounds: int) -> float:
    """Microseconds a token of the arithmetic alone, fastest of the rounds, on (rows, vocabulary) float32."""
    import torch

    logits = torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(0))
    taken = logits.argmax(dim=-1)
    took = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        measure(logits.log_softmax(dim=-1), taken)
        took.append(time.perf_counter() - started)
    return round(min(took[1:]) / rows * 1e6, 2)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Cost of self-certainty in the engine.")
    parser.add_argument("--vocabularies", default="500,150000", help="sizes, separated by commas")
    parser.add_argument("--requests", type=int, default=64, help="that run at once")
    parser.add_argument("--tokens", type=int, default=32, help="of every answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hidden", type=int, default=128, help="width of the model")
    args = parser.parse_args()
    os.environ.update(engine_environment("cpu", os.cpu_count() or 1))
    # vLLM writes to standard output too.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    found: dict[str, Any] = {"requests": args.requests, "tokens": args.tokens, "hidden": args.hidden}
    try:
        for size in (int(part) for part in args.vocabularies.split(",")):
            found[str(size)] = cost_of_engine(
                size, requests=args.requests, tokens=args.tokens, rounds=args.rounds, hidden=args.hidden
            ) | {"arithmetic_us_per_token": cost_of_arithmetic(size, rows=args.requests, rounds=args.rounds)}
    except CompoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    out.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
