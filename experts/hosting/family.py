"""Engine families: which experts can share one live engine by reloading weights in place.

Pure: works on a model's `config.json` as a mapping; reads no files and knows no engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from experts.config import EngineArguments

_NOT_OF_THE_ENGINE = frozenset(
    {
        "_name_or_path",
        "transformers_version",
        "use_cache",
        # Token ids reach the engine with every request, from the expert's own tokenizer.
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
        # Training-time only.
        "initializer_range",
        "attention_dropout",
    }
)
"""Keys of a model configuration that a running engine does not depend on. Every other key, known
or not, tells families apart: an unknown field counts as different."""

_OF_THE_WINDOW = frozenset({"sliding_window", "max_window_layers"})


def engine_family(model_config: Mapping[str, Any], engine: EngineArguments) -> str:
    """Hash over all that a running engine depends on but the weights.

    Args:
        model_config: content of `config.json`.
        engine: the expert's engine arguments.

    Returns:
        12 hexadecimal digits; equal exactly for experts of one family.
    """
    relevant = {
        key: value
        for key, value in model_config.items()
        # Fine-tunes of one model write "absent" as null or leave it out.
        if key not in _NOT_OF_THE_ENGINE and value is not None
    }
    if not relevant.get("use_sliding_window", True):
        # The window's size is not read; fine-tunes carry various left-over values.
        relevant = {key: value for key, value in relevant.items() if key not in _OF_THE_WINDOW}
    # transformers 5 renamed the key; both name the dtype of the weights file.
    relevant["dtype"] = relevant.pop("torch_dtype", None) or relevant.get("dtype")
    described = {"model": relevant, "engine": engine.model_dump(mode="json")}
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]


def reload_obstacle(model_config: Mapping[str, Any], engine: EngineArguments) -> str | None:
    """Why an expert must not be reloaded in place, or None where nothing is known against it."""
    # vLLM's CPU build keeps the old output head of tied models, silently (reproduced in
    # tests/experts/hosting/test_reload.py); the default of the key in transformers is True.
    if model_config.get("tie_word_embeddings", True):
        return "its embeddings are tied"
    if engine.quantization or model_config.get("quantization_config"):
        return "it is quantised"
    if engine.tensor_parallel_size > 1:
        return "it is split over several GPUs, where reloaded weights cannot be verified yet"
    return None
