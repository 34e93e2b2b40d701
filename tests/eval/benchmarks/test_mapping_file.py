"""Mappings from YAML: what is refused, all at once, and mappings that build on a bundled one."""

from pathlib import Path

import pytest

from eval.benchmarks.mapping_file import read_mapping
from experts.errors import BenchmarkError

VALID = """\
name: mine
version: 1
files: {test: questions.jsonl}
columns: {question: q, gold: a}
gold: plain
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    config = read_mapping(written(tmp_path, VALID))
    assert (config.name, config.version, config.private, config.hub) == ("mine", "1", False, None)
    assert config.files["test"].files == ("questions.jsonl",)
    assert config.columns.question == ("q",)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("gold: plain", "gold: letter", "must be one of plain, tail, integer for questions without options"),
        ("gold: a}", "gold: a, choices: c}", "must be one of letter, index, index0, index1, option"),
        (
            "gold: a}",
            "gold: a, choices: c, choice_columns: [x, y]}",
            "choices .* or choice_columns, not both",
        ),
        ("gold: plain", "gold: plain\ngold_range: [0, 9]", "gold_range: is for gold: integer"),
        ("gold: plain", "gold: plain\nprivat: true", "privat.*did you mean 'private'"),
        ("name: mine", "name: Mine Own", "name"),
        ("version: 1\n", "", "version"),
        ("{test: questions.jsonl}", "{}", "files"),
        ("{test: questions.jsonl}", "{test: {files: x.csv, count: 0}}", "count"),
        ("{test: questions.jsonl}", "{test: {files: x.csv, sha256: abc}}", "sha256"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = written(tmp_path, VALID.replace(old, new))
    with pytest.raises(BenchmarkError, match=sentence) as caught:
        read_mapping(path)
    assert str(path) in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = VALID.replace("version: 1\n", "").replace("gold: plain", "gold: plane\nshot: 5")
    with pytest.raises(BenchmarkError, match="has 3 problems") as caught:
        read_mapping(written(tmp_path, text))
    assert all(word in str(caught.value) for word in ("version", "plane", "shot"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; it needs at least name"),
        ("- a\n- b\n", "mine.yaml"),
        ("name: [", "mine.yaml"),
        ("base: mmlu\n", "base must be one of aime, .* got 'mmlu'"),
    ],
)
def test_what_is_no_mapping(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BenchmarkError, match=sentence):
        read_mapping(written(tmp_path, text))


def test_a_mapping_may_build_on_a_bundled_one(tmp_path: Path) -> None:
    config = read_mapping(written(tmp_path, "base: gsm8k\nname: mine\nsplit: hash\n"))
    assert (config.name, config.split, config.gold) == ("mine", "hash", "tail")
