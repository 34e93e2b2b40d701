"""Engine families: what may share an engine, and what may not."""

import pytest

from experts.config import EngineArguments
from experts.hosting.family import engine_family, reload_obstacle

CONFIG = {
    "architectures": ["Qwen2ForCausalLM"],
    "hidden_size": 192,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "vocab_size": 768,
    "eos_token_id": 2,
}
ENGINE = EngineArguments(max_model_len=1024)


@pytest.mark.parametrize("key", ["_name_or_path", "transformers_version", "eos_token_id", "use_cache"])
def test_what_the_engine_does_not_depend_on_makes_no_family(key: str) -> None:
    assert engine_family({**CONFIG, key: "other"}, ENGINE) == engine_family(CONFIG, ENGINE)


@pytest.mark.parametrize(
    "key", ["hidden_size", "rope_theta", "vocab_size", "tie_word_embeddings", "brand_new_field"]
)
def test_everything_else_does_unknown_fields_included(key: str) -> None:
    assert engine_family({**CONFIG, key: 7}, ENGINE) != engine_family(CONFIG, ENGINE)


def test_engine_arguments_tell_families_apart() -> None:
    assert engine_family(CONFIG, EngineArguments(max_model_len=512)) != engine_family(CONFIG, ENGINE)


def test_both_names_of_the_dtype_are_one() -> None:
    old, new = {**CONFIG, "torch_dtype": "bfloat16"}, {**CONFIG, "dtype": "bfloat16"}
    assert engine_family(old, ENGINE) == engine_family(new, ENGINE)
    assert engine_family(new, ENGINE) != engine_family({**CONFIG, "dtype": "float16"}, ENGINE)


def test_null_is_absent_and_a_window_that_is_off_has_no_size() -> None:
    assert engine_family({**CONFIG, "rope_scaling": None}, ENGINE) == engine_family(CONFIG, ENGINE)
    off = {**CONFIG, "use_sliding_window": False}
    assert engine_family({**off, "sliding_window": 131072}, ENGINE) == engine_family(off, ENGINE)
    on = {**CONFIG, "use_sliding_window": True}
    assert engine_family({**on, "sliding_window": 131072}, ENGINE) != engine_family(on, ENGINE)


def test_only_untied_plain_models_are_reloaded() -> None:
    assert reload_obstacle(CONFIG, ENGINE) is None
    untold = {k: v for k, v in CONFIG.items() if k != "tie_word_embeddings"}
    assert "tied" in (reload_obstacle(untold, ENGINE) or ""), "transformers' default is tied"
    assert "tied" in (reload_obstacle({**CONFIG, "tie_word_embeddings": True}, ENGINE) or "")
    assert "quantised" in (reload_obstacle({**CONFIG, "quantization_config": {"bits": 4}}, ENGINE) or "")
    assert "GPUs" in (reload_obstacle(CONFIG, EngineArguments(tensor_parallel_size=2)) or "")
