"""Facts on experts from a JSON file."""

from pathlib import Path

import pytest

from experts.errors import ConfigError
from experts.expert_facts import ExpertFacts, load_expert_facts


def test_active_parameters_of_a_mixture_are_told_from_all(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(
        '{"a": {"parameters_b": 230, "architecture": "mixture of experts, 10B active", "description": "x"},'
        ' "b": {"parameters_b": 7, "architecture": "llama", "context_tokens": 4096},'
        ' "c": {"parameters_b": null, "architecture": "closed"},'
        ' "d": {"parameters_b": 3, "total_parameters_b": 30}}'
    )
    assert load_expert_facts(path) == {
        "a": ExpertFacts(parameters_b=10, total_parameters_b=230, description="x"),
        "b": ExpertFacts(parameters_b=7, total_parameters_b=7),
        "c": ExpertFacts(),
        "d": ExpertFacts(parameters_b=3, total_parameters_b=30),
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must hold a JSON object"),
        ('{"a": 1}', "must hold a JSON object"),
        ('{"a": {"parameters_b": "7B"}}', "expert 'a': parameters_b must be a number above 0"),
        ('{"a": {"parameters_b": 0}}', "expert 'a': parameters_b must be a number above 0"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "models.json").write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        load_expert_facts(tmp_path / "models.json")


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="parameters_b must be above 0"):
        ExpertFacts(parameters_b=0)
