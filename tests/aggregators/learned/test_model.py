"""The fitted model: that it sees who errs with whom, and what its probabilities keep to."""

import dataclasses

import numpy as np
import pytest
from checks.made_pools import MadePool, attempt, fitted_fusion, independent, made_pool, other, shared_fusion

from aggregators.learned.model import FusionModel, Posterior, answer_scores, places
from aggregators.learned.patterns import NOT_ASKED
from aggregators.votes.counting import WeightedVote

ROUNDING = 1e-9


def _copying(rng: np.random.Generator, gold: str) -> dict[str, str]:
    """b says what a says; c, who errs apart from them, is better than either."""
    copied = attempt(rng, gold, 0.55)
    return {"c": attempt(rng, gold, 0.7), "a": copied, "b": copied}


def _contrary(rng: np.random.Generator, gold: str) -> dict[str, str]:
    """a is right exactly when b is wrong, so c, who is better than either, is never right alone."""
    a, b = (gold, other(rng, gold)) if rng.random() < 0.6 else (other(rng, gold), gold)
    return {"c": attempt(rng, gold, 0.7), "a": a, "b": b}


@pytest.mark.parametrize(
    ("draw", "estimates"),
    [(_copying, {"c": 0.7, "a": 0.55, "b": 0.55}), (_contrary, {"c": 0.7, "a": 0.6, "b": 0.4})],
)
def test_dependence_that_a_vote_cannot_see_is_learned(draw, estimates) -> None:
    fitted, fresh = (made_pool(draw, n, seed=n, estimates=estimates) for n in (150, 400))
    learned, voted = (
        fresh.accuracy([v.answer for v in by.aggregate(fresh.items)])
        for by in (fitted_fusion(fitted), WeightedVote())
    )
    assert learned > voted + 0.05


@pytest.fixture(scope="module")
def fresh() -> MadePool:
    """Questions that the shared fusion was not fitted on."""
    return made_pool(independent(*"abcde"), 200, seed=7)


def test_chances_are_of_given_answers_and_their_sum_is_at_most_one(fresh: MadePool) -> None:
    patterns = fresh.patterns
    chances = shared_fusion().model.posterior(patterns).chances
    given = (patterns.codes[:, :, None] == np.arange(chances.shape[1])).any(axis=1)
    assert ((chances > 0) == given).all()
    assert (chances.sum(axis=1) <= 1 + ROUNDING).all()


def test_chances_come_true_on_new_questions(fresh: MadePool) -> None:
    posterior = shared_fusion().model.posterior(fresh.patterns)
    scores = answer_scores(fresh.patterns, fresh.right)[np.arange(len(fresh.items)), posterior.leading]
    assert posterior.support.mean() == pytest.approx(scores.mean(), abs=0.05)


def test_the_same_questions_give_the_same_model(fresh: MadePool) -> None:
    again = fitted_fusion(made_pool(independent(*"abcde"))).model
    patterns, model = fresh.patterns, shared_fusion().model
    posteriors = [m.posterior(patterns) for m in (model, again)]
    np.testing.assert_array_equal(posteriors[0].chances, posteriors[1].chances)
    assert model.gain is not None and again.gain is not None
    np.testing.assert_array_equal(
        model.gain.expected(patterns, posteriors[0]), again.gain.expected(patterns, posteriors[1])
    )


@pytest.mark.parametrize("score", [0.0, 0.4, 1.0, np.nan])
def test_nothing_is_learned_where_all_answers_are_right_or_all_are_wrong(score: float) -> None:
    pool = made_pool(independent("a", "b"), 40)
    with pytest.raises(ValueError, match="some answers are right and some are wrong"):
        FusionModel.fit(pool.patterns, np.full(pool.right.shape, score), pool.parts)


def test_the_gain_is_learned_only_where_there_is_something_to_leave_out() -> None:
    one = made_pool(independent("a"), 60)
    two = made_pool(independent("a", "b"), 60)
    assert FusionModel.fit(one.patterns, one.right, one.parts).gain is None
    assert FusionModel.fit(two.patterns, two.right, np.zeros(60, dtype=np.int64)).gain is None


def test_the_leading_answer_is_the_first_of_equals_and_none_where_nothing_was_given() -> None:
    posterior = Posterior(chances=np.array([[0.2, 0.4, 0.4], [0.0, 0.0, 0.0]]))
    assert (posterior.leading.tolist(), posterior.support.tolist()) == ([1, -1], [0.4, 0.0])
    nobody = Posterior(chances=np.zeros((2, 0)))
    assert (nobody.leading.tolist(), nobody.support.tolist()) == ([-1, -1], [0.0, 0.0])


def test_an_answer_is_as_good_as_the_best_that_an_expert_got_for_it() -> None:
    patterns = made_pool(lambda rng, gold: dict(zip("abc", "AAB", strict=True)), 1).patterns
    assert answer_scores(patterns, np.array([[0.0, 0.5, np.nan]])).tolist() == [[0.5, 0.0]]


def test_places_are_by_estimate_among_those_asked_and_unknown_ones_are_last() -> None:
    patterns = made_pool(lambda rng, gold: dict.fromkeys("abcd", gold), 2).patterns
    estimates = np.array([[0.3, np.nan, 0.9, 0.9], [np.nan] * 4])
    codes = np.array([[0, 0, 0, NOT_ASKED], [0, 0, NOT_ASKED, 0]])
    known = dataclasses.replace(patterns, estimates=estimates, codes=codes)
    assert places(known).tolist() == [[1, 2, 0, 3], [0, 1, 3, 2]]
