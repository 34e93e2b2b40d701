"""Loading a configuration: paths, cross-checks, and all errors in one readable message."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from checks.scripted_systems import system_file

from compound.config import SystemConfig, default_config_path, load_config
from experts.config import OpenAIExpert, VllmExpert
from experts.errors import ConfigError

EXPERT = {"kind": "scripted", "sampling": {"max_tokens": 8}}
MINIMAL = {
    "experts": {"ann": EXPERT, "bob": EXPERT},
    "router": {"kind": "fixed"},
    "aggregator": {"kind": "majority"},
    "k": 2,
}


def _write(folder: Path, content: object) -> Path:
    path = folder / "system.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def _error(folder: Path, content: object) -> str:
    path = _write(folder, content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_minimal_configuration_loads_in_order_with_defaults(tmp_path: Path) -> None:
    config = load_config(_write(tmp_path, MINIMAL))
    assert list(config.experts) == ["ann", "bob"]
    assert config.helpers == {}
    assert config.hosting.slots == 1
    assert list(config.all_experts) == ["ann", "bob"]


def test_configuration_is_frozen(tmp_path: Path) -> None:
    config = load_config(_write(tmp_path, MINIMAL))
    with pytest.raises(ValueError, match="frozen"):
        config.k = 1  # type: ignore[misc]


def test_default_configuration_is_the_shipped_pool() -> None:
    config = load_config(default_config_path())
    assert len(config.experts) == 8
    assert set(config.helpers) == {"annotator", "aggregator"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("- a\n- b\n", "must hold a mapping of keys to values, got a list"),
        ("experts: [unclosed\n", "is not YAML: line 2, column 1"),
        ("experts: {}\nexperts: {}\n", "the key 'experts' stands twice"),
        ("experts:\n  ann: {}\n  ann: {}\n", "line 3, column 3: the key 'ann' stands twice"),
        ("experts: !!python/object/apply:os.getcwd []\n", "is not YAML"),
        ("\x00", "is not YAML"),
    ],
)
def test_file_that_is_no_mapping_is_named_in_one_sentence(
    tmp_path: Path, content: str, sentence: str
) -> None:
    message = _error(tmp_path, content)
    assert sentence in message
    assert "\n" not in message


def test_missing_unreadable_and_undecodable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no configuration at"):
        load_config(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"experts: \xff\xfe\n")
    with pytest.raises(ConfigError, match="cannot be read as a text file"):
        load_config(tmp_path / "latin.yaml")


def test_all_errors_are_reported_at_once_with_key_paths(tmp_path: Path) -> None:
    message = _error(
        tmp_path,
        {
            "experts": {
                "ann": {"kind": "scripted", "sampling": {"temperature": 0.5}},
                "bob": {"kind": "vlm", "model": "x", "sampling": {"max_tokens": 8}},
                "cid": {
                    "kind": "vllm",
                    "model": "x",
                    "sampling": {"max_tokens": 8},
                    "engine": {"max_modle_len": 9, "dtype": "float8"},
                },
            },
            "rooter": {"kind": "fixed"},
            "router": {"kind": "fixed", "experts": ["ana"]},
            "aggregator": {"kind": "synthesis", "expert": "bop"},
            "k": 9,
        },
    )
    assert "has 8 errors" in message
    for line in (
        "experts.ann.sampling.max_tokens: is required",
        "experts.bob.kind: must be one of vllm, openai, recorded, scripted, got 'vlm' (did you mean 'vllm'?)",
        "experts.cid.engine.max_modle_len: unknown key (did you mean 'max_model_len'?); allowed are dtype,",
        "experts.cid.engine.dtype: must be 'auto', 'float32', 'bfloat16' or 'float16', got 'float8'",
        "rooter: unknown key (did you mean 'router'?); allowed are aggregator, experts,",
        "router.experts: unknown expert 'ana'; did you mean 'ann'? known are ann, bob, cid",
        "aggregator.expert: unknown expert 'bop'; did you mean 'bob'? known are ann, bob, cid",
        "k: k=9 but the pool has 3 experts: ann, bob, cid; give a k from 1 to 3",
    ):
        assert f"\n  - {line}" in message


def test_union_within_a_union_has_the_path_of_the_file(tmp_path: Path) -> None:
    router = {
        "kind": "skill",
        "annotator": {"kind": "encoder", "skills": ["a"], "encoder": {"kind": "lexcal"}},
    }
    message = _error(tmp_path, MINIMAL | {"router": router})
    assert "router.annotator.encoder.kind: must be one of lexical, sentence-transformers" in message
    assert "did you mean 'lexical'" in message
    message = _error(tmp_path, MINIMAL | {"router": {"annotator": router["annotator"]}})
    assert "router.kind: is required: one of skill, fixed, random" in message


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"k": 0}, "k: must be greater than or equal to 1, got 0"),
        ({"k": 3}, "k: k=3 but the pool has 2 experts: ann, bob; give a k from 1 to 2"),
        ({"k": "two"}, "k: must be a valid integer, unable to parse string as an integer, got 'two'"),
        ({"experts": {}}, "experts: "),
        ({"experts": None}, "experts: "),
        ({"experts": ["ann"]}, "experts: "),
        ({"experts": {"my expert": EXPERT, "b": EXPERT}}, "'.', '_' and '-', got 'my expert'"),
        ({"helpers": {"bob": EXPERT}}, "helpers.bob: this name stands under `experts` too"),
        ({"router": None}, "router: "),
        (
            {"aggregator": {"kind": "synthesis", "expert": "judge"}},
            "unknown expert 'judge'; known are ann, bob",
        ),
    ],
)
def test_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, change: dict, line: str) -> None:  # type: ignore[type-arg]
    message = _error(tmp_path, MINIMAL | change)
    assert f"\n  - {line}" in message or line in message


def test_default_k_too_large_for_a_small_pool_is_said(tmp_path: Path) -> None:
    content = {key: value for key, value in MINIMAL.items() if key != "k"}
    assert "k=3 but the pool has 2 experts" in _error(tmp_path, content)


def test_expert_may_be_a_helper_but_a_list_of_experts_names_the_pool(tmp_path: Path) -> None:
    content = MINIMAL | {"helpers": {"judge": EXPERT}, "aggregator": {"kind": "synthesis", "expert": "judge"}}
    assert load_config(_write(tmp_path, content)).aggregator.kind == "synthesis"
    message = _error(tmp_path, content | {"router": {"kind": "fixed", "experts": ["judge"]}})
    assert "router.experts: unknown expert 'judge'" in message


def test_every_expert_that_an_aggregator_names_must_be_there(tmp_path: Path) -> None:
    helped = MINIMAL | {"helpers": {"judge": EXPERT}}
    moderator = {
        "kind": "moderator",
        "expert": "judge",
        "proposers": ["ann", "judge"],
        "roles": {"bob": "A."},
    }
    assert load_config(_write(tmp_path, helped | {"aggregator": moderator})).aggregator.kind == "moderator"
    wrong = moderator | {"proposers": ["ana"], "roles": {"bop": "A."}}
    message = _error(tmp_path, helped | {"aggregator": {"kind": "on_agreement", "inner": wrong}})
    assert "has 2 errors" in message
    for line in (
        "aggregator.inner.proposers: unknown expert 'ana'; did you mean 'ann'? known are ann, bob, judge",
        "aggregator.inner.roles.bop: unknown expert 'bop'; did you mean 'bob'? known are ann, bob, judge",
    ):
        assert f"\n  - {line}" in message


def test_more_samples_than_experts_are_for_the_policy_repeat_alone(tmp_path: Path) -> None:
    many = MINIMAL | {"k": 5, "prompts": {"approaches": ["a", "b", "c", "d", "e"]}}
    assert "k=5 but the pool has 2 experts" in _error(tmp_path, many)
    assert load_config(_write(tmp_path, many | {"policy": {"kind": "repeat"}})).k == 5


def test_value_of_an_unknown_key_is_not_repeated(tmp_path: Path) -> None:
    expert = {
        "kind": "openai",
        "model": "m",
        "base_url": "http://127.0.0.1:1/v1",
        "api_key": "sk-secret",
        "sampling": {"max_tokens": 8},
    }
    message = _error(tmp_path, MINIMAL | {"experts": {"ann": expert, "bob": EXPERT}})
    assert "experts.ann.api_key: unknown key (did you mean 'api_key_env'?)" in message
    assert "sk-secret" not in message


def test_relative_paths_are_resolved_against_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    folder = tmp_path / "configs"
    folder.mkdir()
    sampling = {"max_tokens": 8}
    content = {
        "experts": {
            "near": {"kind": "vllm", "model": "./near", "sampling": sampling},
            "up": {"kind": "vllm", "model": "../models/up", "sampling": sampling},
            "hub": {"kind": "vllm", "model": "owner/name", "sampling": sampling},
            "fixed": {"kind": "vllm", "model": "/models/fixed", "sampling": sampling},
            "old": {"kind": "recorded", "path": "old.jsonl", "sampling": sampling},
            "far": {
                "kind": "openai",
                "model": "./odd",
                "base_url": "http://127.0.0.1:1/v1",
                "sampling": sampling,
            },
        },
        "router": {
            "kind": "skill",
            "profiles": "../profiles.json",
            "annotator": {
                "kind": "encoder",
                "skills": ["a"],
                "encoder": {"kind": "sentence-transformers", "model": "../minilm"},
            },
            "encoder": {"kind": "sentence-transformers", "model": "owner/minilm"},
        },
        "aggregator": {"kind": "majority"},
    }
    config = load_config(_write(folder, content))
    models = {name: e.model for name, e in config.experts.items() if isinstance(e, VllmExpert | OpenAIExpert)}
    assert models == {
        "near": str(folder / "near"),
        "up": str(tmp_path / "models" / "up"),
        "hub": "owner/name",
        "fixed": "/models/fixed",
        "far": "./odd",
    }
    dumped = config.model_dump()
    assert dumped["experts"]["old"]["path"] == folder / "old.jsonl"
    assert dumped["router"]["profiles"] == tmp_path / "profiles.json"
    assert dumped["router"]["annotator"]["encoder"]["model"] == str(tmp_path / "minilm")
    assert dumped["router"]["encoder"]["model"] == "owner/minilm"


def test_resolved_configuration_can_be_written_and_read_again(tmp_path: Path) -> None:
    config = load_config(default_config_path())
    again = load_config(_write(tmp_path, yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)))
    assert again == config


def test_merge_keys_may_be_overridden(tmp_path: Path) -> None:
    content = """\
experts:
  ann: &base {kind: scripted, default: one, sampling: {max_tokens: 8}}
  bob: &other {<<: *base, default: two}
  cid: {<<: *other, default: three}
router: {kind: fixed}
aggregator: {kind: majority}
"""
    config = load_config(_write(tmp_path, content))
    assert [e["default"] for e in config.model_dump()["experts"].values()] == ["one", "two", "three"]


def test_configuration_made_in_code_is_checked_too() -> None:
    with pytest.raises(ValueError, match="k=5 but the pool has 2 experts"):
        SystemConfig.model_validate(MINIMAL | {"k": 5})


# --- policies -------------------------------------------------------------------------------------

SKILL_ROUTER = {"kind": "skill", "annotator": {"kind": "encoder"}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"policy": {"kind": "threshold"}}, "a router of kind 'fixed' gives none"),
        (
            {"router": SKILL_ROUTER | {"mode": "released"}, "policy": {"kind": "diverse"}},
            "policy: 'diverse' cannot choose where `router.mode: released` draws",
        ),
        (
            {"router": SKILL_ROUTER, "policy": {"kind": "fallback", "expert": "an"}},
            "policy.expert: unknown expert 'an'; did you mean 'ann'?",
        ),
        (
            {
                "router": SKILL_ROUTER,
                "policy": {"kind": "guard", "inner": {"kind": "threshold"}},
                "quorum": 2,
            },
            "quorum: quorum=2 but the policy may ask a single expert",
        ),
    ],
)
def test_policy_that_does_not_go_with_the_rest_is_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(system_file(tmp_path, **changes))
    assert sentence in str(caught.value)
    assert "has 1 error" in str(caught.value)


def test_policy_default_is_top_k(tmp_path: Path) -> None:
    assert load_config(system_file(tmp_path)).policy.kind == "top_k"
