"""Reading an expert on a slot's machine: what its engine needs, and files that cannot be used."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from experts.config import HostingConfig, VllmExpert
from experts.errors import ConfigError, ExpertUnavailable
from experts.hosting import hosted_expert
from experts.hosting.hosted_expert import model_key, read_ahead, read_expert
from experts.hosting.model_facts import model_facts
from experts.sampling import SamplingConfig


def expert(model: object, **changes: Any) -> VllmExpert:
    return VllmExpert(model=str(model), **{"sampling": SamplingConfig(max_tokens=8), **changes})


def model(folder: Path, *, tied: bool = False, payload: int = 16) -> Path:
    folder.mkdir()
    config = {"model_type": "qwen2", "tie_word_embeddings": tied}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * payload)
    return folder


class NoTokenizer:
    """Stands in for a tokenizer, which no test of specifications needs."""

    def __init__(self, folder: Path, *, trust_remote_code: bool) -> None:
        self.folder = folder


@pytest.fixture
def no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted_expert, "ChatTokenizer", NoTokenizer)


def test_one_engine_for_one_model_whatever_it_is_called_or_asked() -> None:
    longer = SamplingConfig(max_tokens=99, temperature=1.0)
    assert model_key(expert("/models/m")) == model_key(expert("/models/m", sampling=longer))


@pytest.mark.parametrize(
    "other",
    [
        expert("/elsewhere/m"),
        expert("/models/m", engine={"max_model_len": 64}),
        expert("/models/m", revision="abc"),
    ],
)
def test_another_folder_revision_or_engine_is_another_model(other: VllmExpert) -> None:
    assert model_key(other) != model_key(expert("/models/m"))
    assert model_key(other).startswith("m-"), "people recognise it"


@pytest.mark.usefixtures("no_tokenizer")
def test_the_scheduler_and_the_slot_agree_on_keys_and_families(tmp_path: Path) -> None:
    a, b = (expert(model(tmp_path / name, tied=name == "b")) for name in "ab")
    for one in (a, b):
        spec = read_expert("name", one, HostingConfig(), "cpu").spec
        assert (spec.key, spec.scheduled_family) == (model_key(one), model_facts(one).family)
        assert spec.expert == "name" and spec.folder == one.model


@pytest.mark.usefixtures("no_tokenizer")
def test_a_model_that_must_not_be_reloaded_says_why_and_stands_alone(tmp_path: Path) -> None:
    a, b = (read_expert(n, expert(model(tmp_path / n, tied=True)), HostingConfig(), "cpu").spec for n in "ab")
    assert a.reload_obstacle == "its embeddings are tied"
    assert a.family == b.family and a.scheduled_family != b.scheduled_family


@pytest.mark.usefixtures("no_tokenizer")
@pytest.mark.parametrize(
    ("device", "parked", "can_sleep", "cache"),
    [("cpu", 1, False, 2**29), ("gpu", 0, False, None), ("gpu", 1, True, None)],
)
def test_only_engines_on_a_gpu_that_may_be_parked_are_built_to_sleep(
    tmp_path: Path, device: Any, parked: int, can_sleep: bool, cache: int | None
) -> None:
    hosting = HostingConfig(parked_engines=parked, kv_cache_gib=0.5)
    spec = read_expert("a", expert(model(tmp_path / "a")), hosting, device).spec
    assert (spec.can_sleep, spec.kv_cache_bytes) == (can_sleep, cache)


def test_weights_that_are_cut_short_are_refused_before_any_engine_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cut short"):
        read_expert("a", expert(model(tmp_path / "a", payload=8)), HostingConfig(), "cpu")


@pytest.mark.parametrize("content", ['{"version": "1.', "{}", "[]"], ids=["cut short", "empty", "no object"])
def test_a_tokenizer_that_cannot_be_read_is_said_in_words(tmp_path: Path, content: str) -> None:
    folder = model(tmp_path / "a")
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ExpertUnavailable, match=f"its tokenizer in {folder} cannot be read"):
        read_expert("a", expert(folder), HostingConfig(), "cpu")


def test_reading_ahead_reads_the_weights_and_nothing_else(tmp_path: Path) -> None:
    folder = model(tmp_path / "a")
    (folder / "second.safetensors").write_bytes(b"x" * 100)
    assert read_ahead(str(folder)) == (folder / "model.safetensors").stat().st_size + 100
