"""Places of a ranking are worth what they were worth on profiled questions."""

from __future__ import annotations

import numpy as np

from routers.prompted.places import count_places, place_chances, place_of_each


def test_those_that_were_not_named_share_the_last_place() -> None:
    np.testing.assert_array_equal(place_of_each((2, 0), 4), [1, 4, 0, 4])


def test_right_and_run_are_counted_where_run_and_ranked() -> None:
    scores = np.array([[1.0, 0.0], [0.5, np.nan], [1.0, 1.0]])
    counts = count_places([(0, 1), (0,), ()], scores)
    np.testing.assert_array_equal(counts[0, 0], [1.5, 2.0])
    np.testing.assert_array_equal(counts[1], [[0, 0], [0, 1], [0, 0]])


def test_without_counts_the_means_stay() -> None:
    means = np.array([0.3, 0.6])
    chances = place_chances(np.zeros((2, 3, 2)), means, 10.0)
    np.testing.assert_allclose(chances, np.tile(means[:, None], 3))


def test_what_a_place_is_worth_for_others_moves_an_expert_that_was_never_there() -> None:
    counts = np.zeros((2, 3, 2))
    counts[0, 0] = [90.0, 100.0]
    chances = place_chances(counts, np.array([0.5, 0.5]), 10.0)
    assert 0.85 < chances[0, 0] < 0.9 and 0.8 < chances[1, 0] < 0.9
    assert chances[1, 1] == 0.5
