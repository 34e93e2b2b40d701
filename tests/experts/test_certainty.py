"""Certainty from the likeliest tokens alone: what it is where all is seen, and on which side it errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experts.certainty import certainty_of_top


def logprobs(logits: list[float]) -> list[float]:
    """Log-probabilities, highest first."""
    values = np.array(sorted(logits, reverse=True))
    return [float(p) for p in values - np.logaddexp.reduce(values)]


def exact(places: list[list[float]]) -> float:
    """Self-certainty by the definition."""
    return float(np.mean([-np.mean(place) - math.log(len(place)) for place in places]))


def test_where_the_whole_vocabulary_is_seen_nothing_is_approximated() -> None:
    places = [logprobs([1.0, 0.0, -2.0]), logprobs([3.0, 3.0, 1.0])]
    told = certainty_of_top([(place[0], place) for place in places], vocabulary=3)
    assert told is not None
    assert told.self_certainty == pytest.approx(exact(places))
    assert told.mean_logprob == pytest.approx((places[0][0] + places[1][0]) / 2)
    assert told.top_k == 3


@given(st.lists(st.floats(-8, 8), min_size=6, max_size=40), st.integers(2, 5))
def test_with_a_known_vocabulary_it_is_a_lower_bound(logits: list[float], k: int) -> None:
    place = logprobs(logits)
    told = certainty_of_top([(place[0], place[:k])], vocabulary=len(place))
    assert told is not None
    assert told.self_certainty <= exact([place]) + 1e-6


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=30))
def test_without_a_vocabulary_the_seen_tokens_are_taken_for_it(logits: list[float]) -> None:
    place = logprobs(logits)
    halved = [p - math.log(2.0) for p in place]  # half of the mass is on tokens that are not seen
    told = certainty_of_top([(halved[0], halved)])
    assert told is not None
    assert told.self_certainty == pytest.approx(max(0.0, exact([place])), abs=1e-9)


def test_the_place_with_the_fewest_tokens_says_how_many_count() -> None:
    long, short = logprobs([3.0, 1.0, 0.0, -1.0]), logprobs([2.0, 0.0])
    both = certainty_of_top([(long[0], long), (short[0], short)])
    cut = certainty_of_top([(long[0], long[:2]), (short[0], short)])
    assert both == cut
    assert both is not None and both.top_k == 2


@pytest.mark.parametrize(
    "tokens",
    [[], [(-0.1, [])], [(-0.1, [-0.1])], [(-0.1, [-0.1, -math.inf])], [(-math.inf, [-0.1, -3.0])]],
    ids=["no token", "nothing said", "one only", "one possible", "impossible token"],
)
def test_where_there_is_nothing_to_compare_nothing_is_told(tokens: list[tuple[float, list[float]]]) -> None:
    assert certainty_of_top(tokens, vocabulary=10) is None
