"""The yardstick: vLLM's own `LLM.generate` in a process of its own, with nothing of ours around it.

Started by `batch_overhead` with the engine's settings as JSON in its argument. For every line on
standard input (a JSON list of prompts as text) it generates once and prints one JSON line: seconds
and tokens. Apart from `experts.hosting.vllm_adapter` this is the only module that calls vLLM.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def main() -> None:
    """Serve until standard input ends."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    # vLLM prints to standard output; results must stay readable.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from vllm import LLM, SamplingParams

    llm = LLM(**settings["engine"])
    sampling = SamplingParams(temperature=0.0, max_tokens=settings["max_tokens"])
    results.write(json.dumps({"ready": True}) + "\n")
    results.flush()
    for line in sys.stdin:
        prompts = json.loads(line)
        started = time.perf_counter()
        outputs = llm.generate(prompts, sampling, use_tqdm=False)
        seconds = time.perf_counter() - started
        tokens = sum(len(o.outputs[0].token_ids) for o in outputs)
        results.write(json.dumps({"seconds": seconds, "tokens": tokens}) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
