"""The released Symbolic-MoE, against figures worked out by hand from the authors' code."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from experts.encoders.lexical import LexicalEncoder
from experts.query import Query
from routers.skills.config import ReleasedConfig
from routers.skills.matching import KeywordMatcher
from routers.skills.released import ReleasedRule, competency, recruitment
from routers.skills.skill_profile import SkillProfiles

EXPERTS = ("atlas", "bard", "cato")


def rule(**options: Any) -> ReleasedRule:
    keywords = [("algebra",)] * 4 + [("law",)] * 2
    # Net counts: algebra 4, 2, -4; law -2, 2, 0.
    scores = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=float)
    profiles = SkillProfiles.from_outcomes(keywords, scores, EXPERTS)
    matcher = KeywordMatcher(LexicalEncoder(), profiles.keywords)
    return ReleasedRule(profiles, matcher, ReleasedConfig(**options))


def test_competency_is_the_square_of_totals_shifted_where_one_is_negative() -> None:
    np.testing.assert_allclose(competency(np.array([3.0, 1.0]), 0.5), [0.9, 0.1])
    np.testing.assert_allclose(competency(np.array([1.0, -1.0]), 0.5), [0.9, 0.1])  # shifted to 3 and 1
    np.testing.assert_allclose(competency(np.array([3.0, 1.0]), 1.0), [0.75, 0.25])
    np.testing.assert_allclose(competency(np.zeros(2), 0.5), [0.5, 0.5])


def test_totals_of_the_profiles_make_gamma() -> None:
    # Totals 2, 4, -4 become 7, 9, 1; squared 49, 81, 1.
    np.testing.assert_allclose(rule().gamma, np.array([49, 81, 1]) / 131)


def test_only_experts_with_a_positive_local_score_are_recruited() -> None:
    values = rule().estimate(["algebra"]).values
    np.testing.assert_allclose(values, np.array([4 * 49, 2 * 81, 0]) / (4 * 49 + 2 * 81))


def test_where_no_local_score_is_positive_all_are_shifted() -> None:
    gamma = np.array([0.5, 0.25, 0.25])
    p = recruitment(np.array([-3.0, -1.0, 0.0]), gamma, ReleasedConfig())
    np.testing.assert_allclose(p, np.array([0.5, 0.75, 1.0]) / 2.25)


def test_an_unknown_keyword_becomes_its_nearest_however_far_and_counts_twice_if_named_twice() -> None:
    chosen = rule()
    estimate = chosen.estimate(["algebraic geometry", "algebra"])
    np.testing.assert_allclose(estimate.values, chosen.estimate(["algebra"]).values)
    assert "'algebraic geometry' was taken for 'algebra'" in estimate.reasons[0]
    assert "net score +8" in estimate.reasons[1]
    assert chosen.estimate(["zzz"]).values.max() > 0.5


def test_without_a_keyword_the_experts_are_as_likely() -> None:
    np.testing.assert_allclose(rule().estimate([]).values, np.full(3, 1 / 3))


def test_competency_of_zero_for_all_that_remain_does_not_divide_by_zero() -> None:
    p = recruitment(np.array([1.0, 3.0, -1.0]), np.array([0.0, 0.0, 1.0]), ReleasedConfig())
    np.testing.assert_allclose(p, [0.25, 0.75, 0])


def test_the_papers_softmax_is_over_the_products_and_leaves_everyone_a_chance() -> None:
    p = recruitment(np.array([2.0, 0.0, -2.0]), np.full(3, 0.5), ReleasedConfig(selection="softmax"))
    np.testing.assert_allclose(p, np.exp([2.0, 0.0, -2.0]) / np.exp([2.0, 0.0, -2.0]).sum())


@pytest.fixture
def batch() -> list[Query]:
    return [Query.from_text("x", id=f"q{i}") for i in range(600)]


def test_draws_follow_the_estimates_with_replacement(batch: list[Query]) -> None:
    chosen = rule()
    estimates = [chosen.estimate(["algebra"])] * len(batch)
    picks = chosen.choose(batch, estimates, 3)
    counts = Counter(i for row in picks for i in row)
    assert abs(counts[0] / 1800 - estimates[0].values[0]) < 0.04 and counts[2] == 0
    assert any(len(set(row)) < 3 for row in picks)
    assert picks == chosen.choose(batch, estimates, 3)
    assert chosen.choose(batch[5:6], estimates[:1], 3) == picks[5:6]
    assert picks != rule(seed=1).choose(batch, estimates, 3)


def test_trimming_takes_rare_experts_out_of_a_batch(batch: list[Query]) -> None:
    chosen = rule(trim=0.05)
    often, seldom = chosen.estimate(["algebra"]), chosen.estimate([])
    estimates = [seldom if i < 30 else often for i in range(len(batch))]
    assert any(2 in row for row in rule().choose(batch, estimates, 3))
    assert not any(2 in row for row in chosen.choose(batch, estimates, 3))
    assert chosen.choose([], [], 3) == []
