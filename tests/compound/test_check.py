"""What `check_config` finds before anything is started: models, keys, profiles, engine families."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from compound.check import CheckReport, check_config
from compound.config import SystemConfig
from experts.errors import ConfigError
from experts.saving import FORMAT_VERSION, Header, versions

LLAMA = {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "tie_word_embeddings": False}
SAMPLING = {"max_tokens": 8}


def _model(folder: Path, config: dict[str, Any] | None = None) -> Path:
    """A folder that looks like a model, of eight bytes of weights."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config or LLAMA))
    (folder / "tokenizer.json").write_text("{}")
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    return folder


def _config(experts: dict[str, Any], **changes: Any) -> SystemConfig:
    content = {"experts": experts, "router": {"kind": "fixed"}, "aggregator": {"kind": "majority"}, "k": 1}
    return SystemConfig.model_validate(content | changes)


def _vllm(model: Path | str, **changes: Any) -> dict[str, Any]:
    return {"kind": "vllm", "model": str(model), "sampling": SAMPLING} | changes


def _check(experts: dict[str, Any], **changes: Any) -> CheckReport:
    return check_config(_config(experts, **changes), environ={})


def test_whole_models_have_no_errors_and_share_a_family(tmp_path: Path) -> None:
    report = _check({"ann": _vllm(_model(tmp_path / "ann")), "bob": _vllm(_model(tmp_path / "bob"))})
    assert report.ok
    assert report.warnings == ()
    assert [family.experts for family in report.families] == [("ann", "bob")]
    assert "ann, bob" in str(report.families[0])
    assert "reloaded in place" in str(report.families[0])
    report.raise_for_errors()


def test_helpers_belong_to_families_too(tmp_path: Path) -> None:
    report = _check(
        {"ann": _vllm(_model(tmp_path / "ann"))}, helpers={"judge": _vllm(_model(tmp_path / "judge"))}
    )
    assert [family.experts for family in report.families] == [("ann", "judge")]


def test_other_sizes_and_other_engine_arguments_are_other_families(tmp_path: Path) -> None:
    report = _check(
        {
            "ann": _vllm(_model(tmp_path / "ann")),
            "wide": _vllm(_model(tmp_path / "wide", LLAMA | {"hidden_size": 128})),
            "short": _vllm(_model(tmp_path / "short"), engine={"max_model_len": 64}),
        }
    )
    assert [family.experts for family in report.families] == [("ann",), ("wide",), ("short",)]
    assert "shared with no other expert" in str(report.families[0])


def test_tied_embeddings_are_flagged(tmp_path: Path) -> None:
    tied = LLAMA | {"tie_word_embeddings": True}
    report = _check({name: _vllm(_model(tmp_path / name, tied)) for name in ("ann", "bob")})
    assert report.ok
    (family,) = report.families
    assert family.obstacle is not None
    assert "tied" in family.obstacle
    assert "a new engine and no reload in place" in str(family)


def test_everything_wrong_with_models_is_listed_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    cut = _model(tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((cut / "model.safetensors").read_bytes()[:-1])
    garbled = _model(tmp_path / "garbled")
    (garbled / "config.json").write_text("{")
    (garbled / "tokenizer.json").unlink()
    report = _check(
        {
            "gone": _vllm(tmp_path / "gone"),
            "empty": _vllm(empty),
            "cut": _vllm(cut),
            "garbled": _vllm(garbled),
            "odd": _vllm("not a hub id"),
            "old": {"kind": "recorded", "path": str(tmp_path / "old.jsonl"), "sampling": SAMPLING},
        }
    )
    beginnings = [error.split(":")[0] for error in report.errors]
    assert beginnings == [
        "experts.gone.model",
        *["experts.empty.model"] * 3,
        "experts.cut.model",
        *["experts.garbled.model"] * 2,
        "experts.odd.model",
        "experts.old.path",
    ]
    assert "neither a hub id nor a folder" in report.errors[-2]
    assert "cut short" in report.errors[4]
    with pytest.raises(ConfigError) as caught:
        report.raise_for_errors()
    assert str(caught.value).count("\n  - ") == len(report.errors)


def test_hub_model_is_looked_up_in_the_cache_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--owner--here"
    snapshot = _model(repository / "snapshots" / "abc123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    report = _check(
        {
            "here": _vllm("owner/here"),
            "away": _vllm("owner/away"),
            "local": _vllm(_model(tmp_path / "local", json.loads((snapshot / "config.json").read_text()))),
        }
    )
    assert report.ok
    assert report.warnings == (
        "experts.away.model: owner/away is not in the local hub cache; starting it will download it",
    )
    assert [(family.experts, family.id is None) for family in report.families] == [
        (("here", "local"), False),
        (("away",), True),
    ]
    assert str(report.families[1]) == "away: family unknown until its config.json is in the local cache"


def test_missing_api_key_is_a_warning() -> None:
    expert = {
        "kind": "openai",
        "model": "m",
        "base_url": "http://127.0.0.1:1/v1",
        "api_key_env": "A_KEY",
        "sampling": SAMPLING,
    }
    config = _config({"far": expert})
    assert check_config(config, environ={}).warnings == (
        "experts.far.api_key_env: the environment variable A_KEY is not set",
    )
    assert check_config(config, environ={"A_KEY": "x"}).warnings == ()


def test_profiles_must_be_readable_and_cover_the_pool(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.json"
    router = {
        "kind": "skill",
        "profiles": str(profiles),
        "annotator": {"kind": "encoder", "skills": ["a"]},
    }
    scripted = {"kind": "scripted", "sampling": SAMPLING}
    experts = {"ann": scripted, "bob": scripted}
    assert [e.split(":")[0] for e in _check(experts, router=router).errors] == ["router.profiles"]
    profiles.write_text(
        '{"experts": ["ann"], "format": 1, "questions": 1, "shrinkage": null,'
        ' "skills": {"a": {"ann": [1, 0]}}, "totals": {"ann": [1, 0]}}'
    )
    (error,) = _check(experts, router=router).errors
    assert "knows nothing of bob (it has ann)" in error
    assert _check({"ann": scripted}, router=router).ok


def test_missing_folder_of_an_encoder_is_an_error(tmp_path: Path) -> None:
    encoder = {"kind": "sentence-transformers", "model": str(tmp_path / "minilm")}
    router = {"kind": "skill", "annotator": {"kind": "encoder", "skills": ["a"], "encoder": encoder}}
    (error,) = _check({"ann": {"kind": "scripted", "sampling": SAMPLING}}, router=router).errors
    assert error == f"router.annotator.encoder.model: there is no folder {tmp_path / 'minilm'}"


def test_trained_router_must_be_there_cover_the_pool_and_find_its_llm_and_encoder(tmp_path: Path) -> None:
    scripted = {"kind": "scripted", "sampling": SAMPLING}
    router = {"kind": "trained", "path": str(tmp_path)}
    assert "No trained router at" in _check({"ann": scripted}, router=router).errors[0]
    members = [{"kind": "knn"}, {"kind": "knn", "encoder": {"kind": "vllm", "model": "./nowhere"}}]
    _header(tmp_path, {"kind": "ensemble", "members": members})
    assert _check({"ann": scripted}, router=router).errors == (
        "router.path.members[1].encoder.model: there is no folder ./nowhere",
    )
    _header(tmp_path, {"kind": "llm", "expert": "judge"})
    missing, llm = _check({"bob": scripted}, router=router).errors
    assert "knows nothing of bob (it has ann)" in missing
    assert "asks the LLM 'judge', which is no expert or helper here" in llm
    assert _check({"ann": scripted}, helpers={"judge": scripted}, router=router).ok


def _header(folder: Path, config: dict[str, Any]) -> None:
    """What a trained router says of itself, as far as a check reads it."""
    header = Header(
        format=FORMAT_VERSION,
        kind=config["kind"],
        config=config,
        experts=("ann",),
        questions=1,
        versions=versions(),
    )
    (folder / "router.json").write_text(header.model_dump_json())


@pytest.mark.parametrize(("temperature", "warned"), [(0.0, True), (0.7, False)])
def test_many_samples_of_a_greedy_annotator_are_a_warning(temperature: float, warned: bool) -> None:
    expert = {"kind": "scripted", "sampling": SAMPLING | {"temperature": temperature}}
    router = {"kind": "skill", "annotator": {"kind": "llm", "expert": "ann", "samples": 5}}
    report = _check({"ann": expert}, router=router)
    assert bool(report.warnings) is warned
