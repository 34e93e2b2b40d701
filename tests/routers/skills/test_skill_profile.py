"""Counting right and wrong per skill, and the file of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.errors import ConfigError, RouterError
from routers.skills.profile_file import load_profiles, save_profiles, to_json
from routers.skills.skill_profile import Shrinkage, SkillProfiles, skills_of

NAN = float("nan")
KEYWORDS = [("capital", "europe"), ("europe", "capital"), ("capital",), (), ("a", "b", "c")]
SCORES = np.array([[1, 0], [1, NAN], [0.25, 1], [0, 0], [1, 1]])


@pytest.fixture
def profiles() -> SkillProfiles:
    return SkillProfiles.from_outcomes(KEYWORDS, SCORES, ("atlas", "bard"))


def test_right_and_wrong_are_counted_and_not_run_is_neither(profiles: SkillProfiles) -> None:
    np.testing.assert_array_equal(profiles.counts(("capital",)), [[2.25, 0.75], [1, 1]])
    np.testing.assert_array_equal(profiles.counts(("capital", "europe")), [[2, 0], [0, 1]])
    np.testing.assert_array_equal(profiles.totals, [[3.25, 1.75], [2, 2]])
    np.testing.assert_array_equal(profiles.net("capital"), [1.5, 0])
    assert profiles.questions == 5


def test_what_was_never_met_counts_nothing(profiles: SkillProfiles) -> None:
    np.testing.assert_array_equal(profiles.counts(("law",)), np.zeros((2, 2)))


def test_a_combination_of_one_question_is_not_stored(profiles: SkillProfiles) -> None:
    assert profiles.keywords == ("a", "b", "c", "capital", "europe")
    assert [skill for skill in profiles.skills if len(skill) > 1] == [("capital", "europe")]


def test_skills_are_the_keywords_their_pairs_and_all_of_them() -> None:
    assert skills_of(["b", "a"]) == [("a",), ("b",), ("a", "b")]
    assert skills_of("dcba")[-1] == ("a", "b", "c", "d") and len(skills_of("dcba")) == 4 + 6 + 1
    assert skills_of([]) == []


@pytest.mark.parametrize("word", ["a, b", ""])
def test_a_keyword_with_a_comma_is_refused(word: str) -> None:
    with pytest.raises(RouterError, match="without commas"):
        skills_of([word])


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(RouterError, match="shape"):
        SkillProfiles.from_outcomes(KEYWORDS, SCORES[:, :1], ("atlas", "bard"))


def test_restricting_reorders_and_names_what_is_missing(profiles: SkillProfiles) -> None:
    np.testing.assert_array_equal(profiles.restrict(["bard"]).counts(("capital",)), [[1, 1]])
    assert profiles.restrict(["bard", "atlas"]).experts == ("bard", "atlas")
    with pytest.raises(ConfigError, match=r"\['cato'\].*\['atlas', 'bard'\]"):
        profiles.restrict(["atlas", "cato"])


@pytest.mark.parametrize("shrinkage", [None, Shrinkage(keyword=8.0, combination=2.0, pooling=0.5)])
def test_the_file_round_trips_exactly(tmp_path: Path, shrinkage: Shrinkage | None) -> None:
    thirds = np.array([[1 / 3, 0.1]])
    made = SkillProfiles.from_outcomes([("\u00e9l\u00e8ve", 'say "x"')], thirds, ("b", "a"))
    made = SkillProfiles(
        experts=made.experts, questions=1, totals=made.totals, skills=made.skills, shrinkage=shrinkage
    )
    save_profiles(made, tmp_path / "p.json")
    read = load_profiles(tmp_path / "p.json")
    assert to_json(read) == to_json(made) and read.shrinkage == shrinkage and read.experts == ("b", "a")
    assert [f.name for f in tmp_path.iterdir()] == ["p.json"]


def test_the_file_is_for_people(profiles: SkillProfiles) -> None:
    lines = to_json(profiles).splitlines()
    assert '    "capital, europe": {"atlas": [2, 0], "bard": [0, 1]},' in lines
    keys = list(json.loads("\n".join(lines)))
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw | {"format": 99}, "format 99, this version reads 1"),
        (lambda raw: raw | {"more": 1}, "more: Extra inputs"),
        (lambda raw: {k: v for k, v in raw.items() if k != "totals"}, "totals: Field required"),
        (lambda raw: raw | {"totals": {"atlas": [1, -1], "bard": [0, 0]}}, "totals.atlas.1"),
        (lambda raw: raw | {"totals": {"atlas": [1, 1]}}, "no counts of expert 'bard'"),
        (lambda raw: [raw], "not a file of skill profiles"),
    ],
)
def test_a_wrong_file_is_told_apart(
    tmp_path: Path, profiles: SkillProfiles, change: Any, message: str
) -> None:
    path = tmp_path / "p.json"
    path.write_text(json.dumps(change(json.loads(to_json(profiles)))), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_profiles(path)


def test_no_file_and_no_json_name_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="compound profile"):
        load_profiles(tmp_path / "none.json")
    (tmp_path / "p.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="not JSON"):
        load_profiles(tmp_path / "p.json")
