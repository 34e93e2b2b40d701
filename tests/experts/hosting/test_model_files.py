"""Model folders: found, whole, identified."""

import json
import struct
from pathlib import Path

import pytest

from experts.config import VllmExpert
from experts.errors import ConfigError, ExpertUnavailable
from experts.hosting.model_files import check_weights, model_folder, read_model_config, weights_identity
from experts.sampling import SamplingConfig


def expert(model: str) -> VllmExpert:
    return VllmExpert(kind="vllm", model=model, sampling=SamplingConfig(max_tokens=8))


def write_weights(folder: Path, payload: bytes = b"\0" * 16) -> Path:
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + payload)
    return path


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No model folder at .*nowhere"):
        model_folder(expert(str(tmp_path / "nowhere")))


def test_a_hub_id_that_is_not_in_the_cache_says_so() -> None:
    with pytest.raises(ExpertUnavailable, match=r"'nobody/nothing'.*cannot be downloaded"):
        model_folder(expert("nobody/nothing"))


def test_whole_weights_are_counted(tmp_path: Path) -> None:
    assert check_weights(write_weights(tmp_path).parent) == (tmp_path / "model.safetensors").stat().st_size


@pytest.mark.parametrize("keep", [-1, -16, 10, 3, 0])
def test_weights_that_are_cut_short_are_refused(tmp_path: Path, keep: int) -> None:
    path = write_weights(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ConfigError, match="cut short"):
        check_weights(tmp_path)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no weights"):
        check_weights(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no config.json"), ("{", "not JSON"), ("[]", "JSON object")]
)
def test_bad_model_configs(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_model_config(tmp_path)


def test_identity_changes_with_any_byte_and_with_the_template(tmp_path: Path) -> None:
    write_weights(tmp_path)
    first = weights_identity(tmp_path)
    assert weights_identity(tmp_path) == first
    (tmp_path / "notes.md").write_text("not part of the model")
    assert weights_identity(tmp_path) == first
    write_weights(tmp_path, b"\1" + b"\0" * 15)
    second = weights_identity(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert len({first, second, weights_identity(tmp_path)}) == 3
