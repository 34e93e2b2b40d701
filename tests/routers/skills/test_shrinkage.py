"""Hierarchical shrinkage: expert's mean, keywords, combinations."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from routers.skills.shrinkage import (
    Array,
    Evidence,
    deciding_skill,
    expert_means,
    fit_shrinkage,
    gather,
    probabilities,
)
from routers.skills.skill_profile import Shrinkage, SkillProfiles

Conditional = tuple[list[tuple[str, str]], Array]

STRENGTH = Shrinkage(keyword=4.0, combination=4.0, pooling=0.0)


def evidence(*singles: tuple[float, float], pairs: Any = None, whole: Any = None) -> Evidence:
    c = len(singles)
    zero = np.zeros((1, 2))
    filled = pairs if pairs is not None else [zero] * (c * (c - 1) // 2)
    return Evidence(
        singles=np.array([[s] for s in singles], dtype=float).reshape(-1, 1, 2),
        pairs=np.array(filled, dtype=float).reshape(-1, 1, 2),
        whole=zero if whole is None else np.array([whole], dtype=float),
    )


def estimate(
    *singles: tuple[float, float], mean: float = 0.5, shrinkage: Shrinkage = STRENGTH, **more: Any
) -> float:
    return float(probabilities(evidence(*singles, **more), np.array([mean]), shrinkage)[0])


def test_without_keywords_it_is_the_mean() -> None:
    assert estimate(mean=0.3) == 0.3


def test_one_keyword_is_the_beta_binomial_formula() -> None:
    assert estimate((9, 1), mean=0.6) == pytest.approx((9 + 4 * 0.6) / (10 + 4))


def test_many_counts_leave_little_of_the_prior_and_few_leave_most() -> None:
    assert abs(estimate((900, 100), mean=0.2) - 0.9) < 0.01
    assert abs(estimate((1, 0), mean=0.2) - 0.36) < 1e-9


def test_a_keyword_never_met_does_not_dilute_one_that_was() -> None:
    assert estimate((30, 2), (0, 0)) == pytest.approx(estimate((30, 2)))


def test_a_pair_with_counts_overrules_its_keywords() -> None:
    apart = estimate((40, 10), (40, 10))
    together = estimate((40, 10), (40, 10), pairs=[(1, 9)])
    assert apart > 0.75 and together == pytest.approx((1 + 4 * apart) / 14)


def test_the_whole_set_overrules_its_pairs() -> None:
    pairs = [(8, 2)] * 3
    apart = estimate((40, 10), (40, 10), (40, 10), pairs=pairs)
    assert estimate((40, 10), (40, 10), (40, 10), pairs=pairs, whole=(0, 6)) == pytest.approx(4 * apart / 10)


def test_pooling_says_whether_two_keywords_say_more_than_one() -> None:
    alike = ((40, 10), (40, 10))
    mean = estimate(*alike, shrinkage=Shrinkage(keyword=4.0, combination=4.0, pooling=0.0))
    total = estimate(*alike, shrinkage=Shrinkage(keyword=4.0, combination=4.0, pooling=1.0))
    assert mean == pytest.approx(estimate(alike[0])) and total > mean


def test_many_sure_keywords_stay_below_certainty() -> None:
    sure = Shrinkage(keyword=1.0, combination=1.0, pooling=1.0)
    assert 0.999 < estimate(*[(5000, 0)] * 8, shrinkage=sure) < 1
    assert 0 < estimate(*[(0, 5000)] * 8, shrinkage=sure) < 0.001


counts = st.integers(0, 50).map(float)


@given(st.integers(0, 4), st.data(), st.floats(0.01, 0.99), st.floats(0.1, 100), st.floats(0, 1))
def test_estimates_are_probabilities_and_more_right_answers_never_lower_them(
    c: int, data: st.DataObject, mean: float, strength: float, pooling: float
) -> None:
    singles = data.draw(arrays(float, (c, 1, 2), elements=counts))
    pairs = data.draw(arrays(float, (len(list(combinations(range(c), 2))), 1, 2), elements=counts))
    whole = data.draw(arrays(float, (1, 2), elements=counts))
    shrinkage = Shrinkage(keyword=strength, combination=strength, pooling=pooling)

    def p(last: Array) -> float:
        found = Evidence(singles=singles, pairs=pairs, whole=last)
        return float(probabilities(found, np.array([mean]), shrinkage)[0])

    assert 0 < p(whole) < 1
    assert p(whole + np.array([[1.0, 0.0]])) >= p(whole)


def test_an_expert_that_never_ran_is_taken_for_the_pools_average() -> None:
    means = expert_means(np.array([[8.0, 2.0], [2.0, 8.0], [0.0, 0.0]]))
    assert means[0] > means[2] == pytest.approx(0.5) and means[2] > means[1]


@pytest.fixture
def conditional() -> Conditional:
    """Who is right hangs on the pair, and on no single keyword."""
    rng = np.random.default_rng(0)
    keywords = [tuple(pair) for pair in rng.choice(["a", "b"], 200).reshape(-1, 1).repeat(2, 1)]
    keywords = [(first, rng.choice(["x", "y"])) for first, _ in keywords]
    right = np.array([[(a == "a") == (b == "x")] for a, b in keywords], dtype=float)
    return keywords, np.hstack([right, 1 - right])


def test_the_fit_sees_that_knowledge_hangs_on_combinations(conditional: Conditional) -> None:
    keywords, scores = conditional
    profiles = SkillProfiles.from_outcomes(keywords, scores, ("p", "q"))
    fitted = fit_shrinkage(profiles, keywords, scores)
    assert fitted is not None
    assert fitted.combination < fitted.keyword
    p = probabilities(gather(profiles, ("a", "x")), expert_means(profiles.totals), fitted)
    assert p[0] > 0.9 and p[1] < 0.1


def test_the_fit_shrinks_all_where_keywords_say_nothing() -> None:
    rng = np.random.default_rng(1)
    keywords = [(str(word),) for word in rng.integers(0, 40, 300)]
    scores = (rng.random((300, 2)) < 0.6).astype(float)
    scores[::7, 0] = np.nan
    profiles = SkillProfiles.from_outcomes(keywords, scores, ("p", "q"))
    fitted = fit_shrinkage(profiles, keywords, scores)
    assert fitted is not None and fitted.keyword >= 32


def test_nothing_is_fitted_without_keywords() -> None:
    profiles = SkillProfiles.from_outcomes([(), ()], np.ones((2, 1)), ("p",))
    assert fit_shrinkage(profiles, [(), ()], np.ones((2, 1))) is None


def test_the_deciding_skill_is_the_largest_with_enough_counts(conditional: Conditional) -> None:
    keywords, scores = conditional
    profiles = SkillProfiles.from_outcomes(keywords, scores, ("p", "q"))
    assert deciding_skill(profiles, 0, ("a", "x"), 4.0) == ("a", "x")
    assert len(deciding_skill(profiles, 0, ("a", "x"), 1e6)) == 1
    assert deciding_skill(profiles, 0, ("new",), 4.0) == ()
