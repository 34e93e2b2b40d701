"""Rows of candidates: values by hand, what is unknown, and what must not matter."""

import dataclasses
import math

import numpy as np
import pytest
from checks.made_pools import answered, attempt, choice, made_pool
from checks.ports import dead
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.learned.features import CandidateRows, Norms, candidate_rows
from aggregators.learned.patterns import AnswerPatterns, read_items
from aggregators.votes.counting import WeightedVote
from experts.verdict import Candidates

M = 3
SHARED = 18
(TOTAL, COUNT, SHARE, VOTES, ASKED, OPTIONS, LETTER, POSTERIOR, MARGIN, DISTINCT) = range(10)
(BEST, WORST, MEAN, TOP, LENGTH, LENGTH_OF_OTHERS, CERTAINTY, CERTAINTY_OF_OTHERS) = range(10, SHARED)
NORMS = Norms(
    estimates=np.full(M, 0.5),
    log_tokens=np.array([[math.log(10)] * M, [2.0] * M]),
    certainty=np.array([[5.0] * M, [0.5] * M]),
)


def rows(*items: Candidates) -> CandidateRows:
    return candidate_rows(read_items(items, tuple("abc"), ExactEquivalence()).patterns, NORMS)


def same(row: NDArray[np.float64], columns: list[int], values: list[float]) -> None:
    np.testing.assert_allclose(row[columns], values)


SPLIT = choice(
    answered("a", "D", tokens=99, certainty=6.0),
    answered("b", "D", tokens=9),
    answered("c", "B", tokens=0, certainty=4.5),
    a=0.8,
    b=0.6,
)


def test_values_of_two_candidates_by_hand() -> None:
    found = rows(SPLIT)
    assert (found.question.tolist(), found.code.tolist()) == ([0, 0], [0, 1])
    first, second = found.features
    assert first.shape == (SHARED + 3 * M,)
    # Votes weigh 0.8 * 3 / 0.2 = 12, 0.6 * 3 / 0.4 = 4.5, and 3 for c, whose estimate is that of the norms.
    same(first, [TOTAL, COUNT, SHARE, VOTES, ASKED], [math.log(54), 2, 2 / 3, 3, 3])
    same(first, [OPTIONS, LETTER, DISTINCT], [4, 3, 2])
    same(first, [POSTERIOR, MARGIN], [54 / (54 + 3 + 2), math.log(18)])
    same(first, [BEST, WORST, MEAN, TOP], [0.8, 0.6, 1.9 / 3, 0.8])
    same(first, [LENGTH, LENGTH_OF_OTHERS], [math.log(10) / 4, np.nan])
    same(first, [CERTAINTY, CERTAINTY_OF_OTHERS], [2.0, -1.0])
    same(second, [TOTAL, COUNT, LETTER, MARGIN], [math.log(3), 1, 1, -math.log(18)])
    same(second, [POSTERIOR, BEST, WORST], [3 / 59, 0.5, 0.5])
    same(second, [LENGTH, LENGTH_OF_OTHERS], [np.nan, math.log(10) / 4])
    np.testing.assert_allclose(first[SHARED:], [1, 1, -1, 0.8, 0.6, 0.5, math.log(10) / 2, 0, np.nan])
    np.testing.assert_allclose(second[SHARED:], [-1, -1, 1, 0.8, 0.6, 0.5, np.nan, np.nan, np.nan])


def test_the_posterior_is_the_support_of_the_weighted_vote() -> None:
    items = [dataclasses.replace(SPLIT, estimates={"a": a, "b": 0.4, "c": 0.3}) for a in (0.1, 0.5, 0.99)]
    found = rows(*items)
    verdicts = WeightedVote().aggregate(items)
    best = [found.features[found.question == i, POSTERIOR].max() for i in range(len(items))]
    assert best == pytest.approx([v.support for v in verdicts])


def test_not_asked_is_told_from_nothing_said() -> None:
    [row] = rows(choice(answered("a", ""), answered("b", "C"), dead("c"), a=0.8, b=0.6, c=0.9)).features
    np.testing.assert_array_equal(row[SHARED : SHARED + M], [0.0, 1.0, np.nan])
    same(row, [VOTES, ASKED, SHARE, MEAN, TOP], [1, 2, 1.0, 0.7, 0.8])
    same(row, [MARGIN, LENGTH_OF_OTHERS], [30.0, np.nan])


@pytest.mark.parametrize(
    "items", [[], [choice()], [choice(dead("a"), answered("b", ""))]], ids=["none", "unasked", "unread"]
)
def test_without_an_answer_there_is_no_row(items: list[Candidates]) -> None:
    assert rows(*items).features.shape == (0, SHARED + 3 * M)


def test_norms_are_of_what_is_known() -> None:
    items = [
        choice(answered("a", "A", tokens=9, certainty=1.0), answered("b", "A", tokens=0), a=0.2),
        choice(answered("a", "B", tokens=99, certainty=3.0), dead("b"), a=0.4),
    ]
    norms = Norms.of(read_items(items, ("a", "b"), ExactEquivalence()).patterns)
    np.testing.assert_allclose(norms.estimates, [0.3, 0.5])
    np.testing.assert_allclose(norms.log_tokens[:, 0], [math.log(1000) / 2, math.log(10) / 2], atol=1e-5)
    np.testing.assert_allclose(norms.certainty[:, 0], [2.0, 1.0], atol=1e-5)
    assert np.isnan(norms.log_tokens[:, 1]).all() and np.isnan(norms.certainty[:, 1]).all()


def renumbered(patterns: AnswerPatterns, order: NDArray[np.int64]) -> AnswerPatterns:
    """With answer c called order[c]."""
    codes = np.where(patterns.codes >= 0, order[np.maximum(patterns.codes, 0)], patterns.codes)
    letters = np.empty_like(patterns.letters)
    letters[:, order] = patterns.letters
    return dataclasses.replace(patterns, codes=codes, letters=letters)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_numbers_of_answers_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def draw(rng: np.random.Generator, gold: str) -> dict[str, str]:
        # The fourth always gives the first option, so that all four numbers occur.
        given = {expert: attempt(rng, gold, 0.4) for expert in "abc"}
        return given | {"d": rng.choice(["", "A"])}

    patterns = made_pool(draw, 12, seed=seed, estimates={"a": 0.3, "c": 0.8}).patterns
    order = rng.permutation(patterns.letters.shape[1])
    norms = Norms.of(patterns)
    before, after = (candidate_rows(p, norms) for p in (patterns, renumbered(patterns, order)))
    assert len(before.question) == len(after.question)
    place = {(q, c): i for i, (q, c) in enumerate(zip(after.question, after.code, strict=True))}
    moved = [place[q, order[c]] for q, c in zip(before.question, before.code, strict=True)]
    np.testing.assert_allclose(after.features[moved], before.features)
