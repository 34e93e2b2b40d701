"""A program for test_reload: what in-place reloads leave in a real engine, as one line of JSON.

Runs in a process of its own, since vLLM keeps global state: argument 1 is a folder for scratch
models, arguments 2 to 4 are three model folders of one family.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.performance.greedy import fresh_tokens, greedy_tokens
from experts.config import EngineArguments
from experts.hosting.environment import engine_environment
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.messages import EngineSpec
from experts.hosting.model_files import read_model_config
from experts.hosting.vllm_adapter import VllmAdapter
from tests.experts.hosting.certainty_trial import certainty_trial

ENGINE = EngineArguments(
    dtype="float32", max_model_len=256, max_num_seqs=16, extra={"max_num_batched_tokens": 64}
)
ANSWER = 16
"""Tokens of an answer."""
PROMPTS = [(5, 6, 7, 8), (9, 10, 11, 12, 13), (20, 30, 40)]


def spec(folder: Path) -> EngineSpec:
    config = read_model_config(folder)
    return EngineSpec(
        expert=folder.name,
        key=folder.name,
        folder=str(folder),
        family=engine_family(config, ENGINE),
        scheduled_family=engine_family(config, ENGINE),
        reload_obstacle=reload_obstacle(config, ENGINE),
        engine=ENGINE,
        device="cpu",
        kv_cache_bytes=2**27,
        verify_reload=True,
        can_sleep=False,
    )


def tied_models(folder: Path) -> list[EngineSpec]:
    """Two random tied models of one architecture."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=128, hidden_size=128, intermediate_size=256, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True,
    )  # fmt: skip
    specs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        Qwen2ForCausalLM(config).save_pretrained(folder / f"tied{seed}")
        specs.append(spec(folder / f"tied{seed}"))
    return specs


def walk(adapter: VllmAdapter, route: list[EngineSpec]) -> list[dict[str, Any]]:
    steps = []
    for model in route:
        loaded = adapter.load(model)
        report = adapter.compare(model.folder)
        steps.append(
            {
                "expert": model.expert,
                "kind": loaded.kind,
                "note": loaded.note,
                "equal": report.equal,
                "checked": report.checked,
                "tokens": greedy_tokens(adapter, PROMPTS, ANSWER),
            }
        )
    return steps


def main() -> None:
    scratch, folders = Path(sys.argv[1]), [Path(p) for p in sys.argv[2:5]]
    # Line by line: vLLM writes to standard output too.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    a, b, c = (spec(folder) for folder in folders)
    adapter = VllmAdapter()
    result: dict[str, Any] = {"steps": walk(adapter, [a, b, a, c, b])}
    result["certainty"] = certainty_trial(adapter, b.folder)
    result["wrong_file"] = adapter.compare(a.folder).describe()
    result["wrong_file_equal"] = adapter.compare(a.folder).equal
    tied_one, tied_two = tied_models(scratch)
    result["tied_obstacle"] = tied_one.reload_obstacle
    result["tied_refused"] = walk(adapter, [tied_one, tied_two])
    # Pretend that nobody knew of the trap: the comparison must find it.
    unaware = [replace(tied_one, reload_obstacle=None), replace(tied_two, reload_obstacle=None)]
    result["tied_unaware"] = walk(adapter, unaware)
    adapter.shutdown()
    result["fresh"] = {m.expert: fresh_tokens(m, PROMPTS, ANSWER) for m in (a, b, c, tied_two)}
    out.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    os.environ.update(engine_environment("cpu", os.cpu_count() or 1))
    main()
