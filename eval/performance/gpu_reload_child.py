"""What in-place reloads leave in a real engine, as lines of JSON; the child process of `gpu_reload_proof`.

Uses `VllmAdapter` itself, where a slot is told only whether the comparison with the files succeeded. The
argument holds two experts, `a` and `b`, of one family. First line: comparison and tokens at every step of
A-B-A-B; second: the comparison with the wrong file; then the tokens of fresh engines.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from dataclasses import asdict
from typing import Any

from eval.performance.greedy import fresh_tokens, greedy_tokens
from experts.config import HostingConfig, VllmExpert
from experts.hosting.hosted_expert import read_expert
from experts.hosting.messages import EngineSpec
from experts.hosting.vllm_adapter import VllmAdapter

_PROMPTS, _PROMPT_TOKENS, _ANSWER_TOKENS = 32, 64, 32


def _prompts() -> list[list[int]]:
    rng = random.Random(0)
    return [[rng.randrange(256) for _ in range(_PROMPT_TOKENS)] for _ in range(_PROMPTS)]


def _step(adapter: VllmAdapter, spec: EngineSpec) -> dict[str, Any]:
    loaded = adapter.load(spec)
    began = time.perf_counter()
    report = adapter.compare(spec.folder)
    return {
        "expert": spec.expert,
        "kind": loaded.kind,
        "note": loaded.note,
        "compare_s": time.perf_counter() - began,
        "equal": report.equal,
        **asdict(report),
        "tokens": greedy_tokens(adapter, _prompts(), _ANSWER_TOKENS),
    }


def main() -> None:
    """Entry point."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    # vLLM prints to standard output; results must stay readable.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    hosting = HostingConfig.model_validate(settings["hosting"])
    a, b = (
        read_expert(n, VllmExpert.model_validate(settings[n]), hosting, settings["device"]).spec for n in "ab"
    )
    adapter = VllmAdapter()
    results.write(json.dumps({"steps": [_step(adapter, spec) for spec in (a, b, a, b)]}) + "\n")
    wrong = adapter.compare(a.folder)
    adapter.shutdown()
    results.write(json.dumps({"equal": wrong.equal, "wrong": len(wrong.wrong)}) + "\n")
    for spec in (a, b, a):
        results.write(
            json.dumps({"expert": spec.expert, "tokens": fresh_tokens(spec, _prompts(), _ANSWER_TOKENS)})
            + "\n"
        )


if __name__ == "__main__":
    main()
