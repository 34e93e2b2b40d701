"""Model folders with random weights: whole, distinct, and readable by the code that hosts them."""

from pathlib import Path

import pytest
from safetensors import safe_open

from eval.performance.gpu_models import SHAPES, same_weights, write_model
from experts.config import EngineArguments, HostingConfig, VllmExpert
from experts.hosting.family import engine_family, reload_obstacle
from experts.hosting.hosted_expert import read_expert
from experts.hosting.model_files import check_weights, read_model_config
from experts.query import Message
from experts.sampling import SamplingConfig

TINY = SHAPES["tiny"]
ENGINE = EngineArguments(max_model_len=512)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "a", TINY, seed=1)


def matrices(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(str(path), framework="pt") as file:
            found |= {n: file.get_tensor(n).float().numpy().tobytes() for n in file.keys()}  # noqa: SIM118
    return {name: value for name, value in found.items() if not name.endswith("norm.weight")}


def test_the_hosting_code_takes_the_folder_as_an_expert(folder: Path) -> None:
    expert = VllmExpert(model=str(folder), sampling=SamplingConfig(max_tokens=8), engine=ENGINE)
    hosted = read_expert("a", expert, HostingConfig(), "cpu")
    assert hosted.spec.reload_obstacle is None, "it must be possible to reload it in place"
    assert hosted.tokenizer.stop_ids == (), "nothing may end an answer early"
    ids = hosted.tokenizer.render([Message("user", "Hello")])
    assert len(ids) == len("user: Hello\nassistant: ")
    assert max(ids) < TINY.vocabulary


def test_every_token_of_the_model_has_a_text_of_its_own(folder: Path) -> None:
    expert = VllmExpert(model=str(folder), sampling=SamplingConfig(max_tokens=8), engine=ENGINE)
    tokenizer = read_expert("a", expert, HostingConfig(), "cpu").tokenizer
    words = [tokenizer.decode([i]) for i in range(256, TINY.vocabulary)]
    assert len(set(words)) == TINY.vocabulary - 256
    assert all(words)


def test_weights_have_the_size_that_the_shape_states(folder: Path) -> None:
    headers = 20_000
    assert TINY.weight_bytes < check_weights(folder) < TINY.weight_bytes + headers


@pytest.mark.parametrize(
    ("name", "billions"), [("0.5B", 0.63), ("1.5B", 1.78), ("7B", 7.62)], ids=["0.5B", "1.5B", "7B"]
)
def test_shapes_have_the_parameters_of_untied_qwen(name: str, billions: float) -> None:
    assert SHAPES[name].weight_bytes / 2e9 == pytest.approx(billions, abs=0.01)


def test_another_seed_changes_every_matrix_and_bias(folder: Path, tmp_path: Path) -> None:
    one, other = matrices(folder), matrices(write_model(tmp_path / "b", TINY, seed=2))
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] == other[name]] == []
    assert matrices(write_model(tmp_path / "again", TINY, seed=1)) == one


def test_weights_are_cut_into_shards(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.performance.gpu_models._SHARD_BYTES", 100_000)
    cut = write_model(tmp_path / "cut", TINY, seed=1)
    assert len(list(cut.glob("*.safetensors"))) > 2
    assert matrices(cut) == matrices(folder)


def test_a_family_is_told_apart_and_can_share_weights(folder: Path, tmp_path: Path) -> None:
    other = same_weights(tmp_path / "other", folder, TINY.family(1))
    configs = [read_model_config(f) for f in (folder, other)]
    assert engine_family(configs[0], ENGINE) != engine_family(configs[1], ENGINE)
    assert reload_obstacle(configs[1], ENGINE) is None
    assert matrices(other) == matrices(folder)
    assert TINY.family(0) == TINY
