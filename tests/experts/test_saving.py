"""A router's folder is written whole, and what is not a router's is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.encoders.lexical import LexicalEncoder
from experts.errors import ConfigError
from experts.saving import FORMAT_VERSION, Header, load_header, load_state, save_fitted, versions


def header(**changes: Any) -> Header:
    given = Header(
        format=FORMAT_VERSION,
        kind="knn",
        config={"kind": "knn"},
        experts=("atlas", "bard"),
        questions=40,
        versions=versions(),
    )
    return given.model_copy(update=changes)


def test_header_and_state_come_back(tmp_path: Path) -> None:
    state = {"table": np.eye(3), "names": ["a", "b"], "deep": {"number": 1.5, "none": None}}
    save_fitted(tmp_path / "r", header(), state)
    assert load_header(tmp_path / "r") == header()
    again = load_state(tmp_path / "r")
    np.testing.assert_array_equal(again["table"], np.eye(3))
    assert again["names"] == ["a", "b"] and again["deep"] == {"number": 1.5, "none": None}


def test_an_estimator_with_a_function_of_ours_is_trusted(tmp_path: Path) -> None:
    encoder = LexicalEncoder(2).fit(["river of asia", "river of europe"])
    save_fitted(tmp_path / "r", header(), {"encoder": dict(encoder.state())})
    again = LexicalEncoder(2).restore(load_state(tmp_path / "r")["encoder"])
    np.testing.assert_array_equal(again.encode(["asia"]), encoder.encode(["asia"]))


def test_a_folder_is_written_anew(tmp_path: Path) -> None:
    save_fitted(tmp_path / "r", header(), {"old": 1})
    save_fitted(tmp_path / "r", header(kind="linear"), {"new": 2})
    assert load_header(tmp_path / "r").kind == "linear"
    assert load_state(tmp_path / "r") == {"new": 2}


def test_a_folder_whose_writing_broke_off_holds_no_router(tmp_path: Path) -> None:
    save_fitted(tmp_path / "r", header(), {"old": 1})
    (tmp_path / "r" / "state.skops").unlink()
    (tmp_path / "r" / "state.skops").mkdir()
    with pytest.raises(ConfigError, match=r"cannot be written to .*directory"):
        save_fitted(tmp_path / "r", header(), {"new": 2})
    with pytest.raises(ConfigError, match=r"No trained router at .*Make one with `compound train`"):
        load_header(tmp_path / "r")


@pytest.mark.parametrize("content", ["", "{", "[1"])
def test_no_header_is_no_router(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError, match=r"No trained router at .*compound train"):
        load_header(tmp_path)
    (tmp_path / "router.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"No trained router at .*compound train"):
        load_header(tmp_path)


def test_another_format_is_refused_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "router.json").write_text('{"format": 99, "new": 1}', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"format 99, this version reads 1: train the router again"):
        load_header(tmp_path)


@pytest.mark.parametrize("content", ["[]", '{"kind": "knn"}', '{"format": 1, "kind": 3}'])
def test_what_is_not_a_header_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "router.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"is not the header of a trained router: .+\."):
        load_header(tmp_path)


@pytest.mark.parametrize("made", [{"scikit-learn": "0.24.2"}, {}])
def test_another_scikit_learn_is_refused_and_both_versions_named(
    tmp_path: Path, made: dict[str, str]
) -> None:
    save_fitted(tmp_path / "r", header(versions=made), {})
    said = made.get("scikit-learn", "unknown")
    with pytest.raises(ConfigError, match=f"scikit-learn {said}, here is {versions()['scikit-learn']}"):
        load_header(tmp_path / "r")


def test_a_patch_release_of_scikit_learn_is_no_other_version(tmp_path: Path) -> None:
    minor = ".".join(versions()["scikit-learn"].split(".")[:2])
    save_fitted(tmp_path / "r", header(versions={"scikit-learn": f"{minor}.99"}), {})
    assert load_header(tmp_path / "r").questions == 40


def test_a_damaged_or_missing_state_is_refused(tmp_path: Path) -> None:
    save_fitted(tmp_path / "r", header(), {"table": np.eye(3)})
    whole = (tmp_path / "r" / "state.skops").read_bytes()
    (tmp_path / "r" / "state.skops").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ConfigError, match=r"state.skops cannot be read .*compound train"):
        load_state(tmp_path / "r")
    (tmp_path / "r" / "state.skops").unlink()
    with pytest.raises(ConfigError, match=r"state.skops cannot be read .*compound train"):
        load_state(tmp_path / "r")


def test_a_type_that_could_run_code_is_not_loaded(tmp_path: Path) -> None:
    save_fitted(tmp_path / "r", header(), {"function": json.loads})
    with pytest.raises(ConfigError, match=r"no need of \(json.loads\).*could run code"):
        load_state(tmp_path / "r")
