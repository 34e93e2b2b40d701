"""Facts of models and names of devices, from files alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from experts.config import HostingConfig, VllmExpert
from experts.errors import ConfigError
from experts.hosting.device_name import slot_device
from experts.hosting.model_facts import model_facts
from experts.sampling import SamplingConfig


def expert(model: object, **changes: Any) -> VllmExpert:
    return VllmExpert(model=str(model), sampling=SamplingConfig(max_tokens=8), **changes)


def model(folder: Path, *, tied: bool = False, weights: str = "model.safetensors") -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"model_type": "qwen2", "tie_word_embeddings": tied}), encoding="utf-8"
    )
    (folder / weights).write_bytes(b"x" * 100)
    return folder


def test_fine_tunes_of_one_model_are_one_family_of_several_models(tmp_path: Path) -> None:
    a, b = (model_facts(expert(model(tmp_path / name))) for name in "ab")
    assert a.family == b.family and a.key != b.key
    assert a.weight_bytes == b.weight_bytes == 100


def test_other_engine_arguments_are_another_model(tmp_path: Path) -> None:
    folder = model(tmp_path / "a")
    short = model_facts(expert(folder, engine={"max_model_len": 64}))
    assert short.key != model_facts(expert(folder)).key


def test_models_that_must_not_be_reloaded_are_families_of_their_own(tmp_path: Path) -> None:
    a, b = (model_facts(expert(model(tmp_path / name, tied=True))) for name in "ab")
    assert a.family != b.family


def test_weights_in_the_older_format_are_counted(tmp_path: Path) -> None:
    assert model_facts(expert(model(tmp_path / "a", weights="pytorch_model.bin"))).weight_bytes == 100


def test_a_hub_model_that_is_not_in_the_cache_is_unknown_and_not_downloaded() -> None:
    facts = model_facts(expert("nobody/nothing-7b", revision="abc"))
    assert (facts.key, facts.weight_bytes) == ("nobody/nothing-7b@abc", 0)
    assert facts.family == "unknown:nobody/nothing-7b@abc"


def test_what_is_neither_folder_nor_hub_id_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No model folder"):
        model_facts(expert(tmp_path / "lost"))
    with pytest.raises(ConfigError, match="neither a hub id nor a folder"):
        model_facts(expert("a/b/c"))


def test_a_slot_on_cpus_is_named_by_its_share_of_cores(tmp_path: Path) -> None:
    assert slot_device(HostingConfig(device="cpu", cpus_per_slot=3), tmp_path) == "cpu x3"
    assert slot_device(HostingConfig(slots=10_000), tmp_path) == "cpu x1"


def test_a_slot_on_a_gpu_is_named_by_its_model(tmp_path: Path) -> None:
    (tmp_path / "0000:01:00.0").mkdir()
    information = tmp_path / "0000:01:00.0" / "information"
    information.write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 1\n", encoding="utf-8")
    assert slot_device(HostingConfig(), tmp_path) == "NVIDIA H100 80GB HBM3"
    assert slot_device(HostingConfig(device="cpu", cpus_per_slot=1), tmp_path) == "cpu x1"
    assert slot_device(HostingConfig(device="gpu"), tmp_path / "none") == "gpu"
