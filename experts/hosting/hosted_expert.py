"""An expert as a slot's machine sees it: checked files, tokenizer, specification of its engine.

Knows no engine and no process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experts.config import HostingConfig, VllmExpert
from experts.errors import ExpertUnavailable
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.messages import EngineSpec
from experts.hosting.model_facts import model_facts
from experts.hosting.model_files import check_weights, model_folder, read_model_config
from experts.hosting.tokenizing import ChatTokenizer

_BLOCK = 16 * 2**20


@dataclass(frozen=True, slots=True)
class HostedExpert:
    """What a slot needs to host it."""

    spec: EngineSpec
    tokenizer: ChatTokenizer


def model_key(expert: VllmExpert) -> str:
    """Tells models apart, whatever their experts are called: equal exactly where one engine serves both."""
    described = f"{expert.model}\n{expert.revision}\n{expert.engine.model_dump_json()}"
    return f"{Path(expert.model).name}-{hashlib.sha256(described.encode()).hexdigest()[:10]}"


def read_expert(
    name: str, expert: VllmExpert, hosting: HostingConfig, device: Literal["cpu", "gpu"]
) -> HostedExpert:
    """Read and check an expert's files.

    Raises:
        ConfigError: no such folder, no weights, or weights that are cut short.
        ExpertUnavailable: it cannot be had from the hub, or its tokenizer cannot be read.
    """
    folder = model_folder(expert)
    config = read_model_config(folder)
    check_weights(folder)
    spec = EngineSpec(
        expert=name,
        key=model_key(expert),
        folder=str(folder),
        family=engine_family(config, expert.engine),
        scheduled_family=model_facts(expert).family,
        reload_obstacle=reload_obstacle(config, expert.engine),
        engine=expert.engine,
        device=device,
        kv_cache_bytes=int(hosting.kv_cache_gib * 2**30) if device == "cpu" else None,
        verify_reload=hosting.verify_reload,
        can_sleep=device == "gpu" and hosting.parked_engines > 0,
    )
    try:
        tokenizer = ChatTokenizer(folder, trust_remote_code=expert.engine.trust_remote_code)
    except Exception as error:  # transformers raises many unrelated classes; all mean: not to be read
        raise ExpertUnavailable(
            f"its tokenizer in {folder} cannot be read: {type(error).__name__}: {error}"
        ) from error
    return HostedExpert(spec, tokenizer)


def read_ahead(folder: str) -> int:
    """Read weights once, so that they lie in the page cache when they are loaded; bytes read."""
    total = 0
    for path in sorted(Path(folder).glob("*.safetensors")):
        with path.open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                total += len(block)
    return total
