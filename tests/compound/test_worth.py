"""What further experts are worth, against counting by hand and by brute force."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compound.worth import Belief, no_answers, worth_of_asking

CHANCES = st.floats(0.05, 0.95)


def heard(n_options: int, *answers: tuple[int | None, float]) -> Belief:
    belief = no_answers(n_options)
    for option, chance in answers:
        belief = belief.hearing(option, chance).normalised()
    return belief


def test_the_first_answer_is_right_as_often_as_its_expert() -> None:
    belief = heard(4, (None, 0.7))
    assert belief.named == pytest.approx((0.7,))
    assert belief.unnamed == pytest.approx(0.1)
    assert belief.n_unnamed == 3
    assert no_answers(4).lead == 0.0


def test_agreement_and_dissent_weigh_as_bayes_says() -> None:
    agreed = heard(2, (None, 0.8), (0, 0.6))
    assert agreed.lead == pytest.approx(0.48 / (0.48 + 0.08))
    split = heard(2, (None, 0.8), (None, 0.6))
    assert split.named == pytest.approx((0.32 / 0.44, 0.12 / 0.44))
    assert split.n_unnamed == 0


def test_before_anybody_answered_an_expert_is_worth_its_chance() -> None:
    assert worth_of_asking(no_answers(5), [(0.6, 1.0)], 10.0) == pytest.approx(10 * 0.6 - 1)


def test_alone_a_second_expert_that_is_no_better_is_worth_nothing() -> None:
    assert worth_of_asking(heard(4, (None, 0.7)), [(0.7, 0.0)], 1.0) == pytest.approx(0.0)


def test_looking_two_ahead_sees_that_two_can_outvote_the_first() -> None:
    first = heard(4, (None, 0.6))
    alone = worth_of_asking(first, [(0.6, 0.0)], 1.0)
    assert worth_of_asking(first, [(0.6, 0.0), (0.6, 0.0)], 1.0) > alone + 0.01


def test_a_better_expert_is_worth_the_difference() -> None:
    # It overrules the first always, so the vote is right as often as it is.
    assert worth_of_asking(heard(2, (None, 0.6)), [(0.9, 0.0)], 1.0) == pytest.approx(0.3)


def test_a_third_expert_is_worth_more_after_dissent_than_after_agreement() -> None:
    third = [(0.7, 0.0)]
    assert worth_of_asking(heard(4, (None, 0.7), (0, 0.7)), third, 1.0) == pytest.approx(0.0)
    assert worth_of_asking(heard(4, (None, 0.7), (None, 0.7)), third, 1.0) > 0.1


def test_cost_counts_once_for_every_expert_that_is_asked() -> None:
    free = worth_of_asking(heard(2, (None, 0.6)), [(0.9, 0.0)], 1.0)
    assert worth_of_asking(heard(2, (None, 0.6)), [(0.9, 0.25)], 1.0) == pytest.approx(free - 0.25)
    # A second one that costs more than anything is worth is not asked, so its cost does not count.
    assert worth_of_asking(heard(2, (None, 0.6)), [(0.9, 0.25), (0.9, 9.0)], 1.0) == pytest.approx(
        free - 0.25
    )


@given(CHANCES, st.lists(CHANCES, min_size=1, max_size=3), st.integers(2, 4))
def test_free_experts_make_the_vote_right_as_often_as_all_their_answers_would(
    first: float, others: list[float], n_options: int
) -> None:
    """Brute force: option 0 was named first; the others answer anything, the likeliest named one is taken."""
    chances = [first, *others]
    right = 0.0
    for answers in itertools.product(range(n_options), repeat=len(others)):
        votes = (0, *answers)
        joint = [
            _likelihood(votes, chances, truth, n_options) / n_options if truth in votes else 0.0
            for truth in range(n_options)
        ]
        right += max(joint)
    reference = right * n_options - first  # given the first answer, whose probability is 1 / n_options
    worth = worth_of_asking(heard(n_options, (None, first)), [(c, 0.0) for c in others], 1.0)
    assert worth == pytest.approx(reference, abs=1e-9)


def _likelihood(votes: tuple[int, ...], chances: list[float], truth: int, n_options: int) -> float:
    product = 1.0
    for vote, chance in zip(votes, chances, strict=True):
        product *= chance if vote == truth else (1 - chance) / (n_options - 1)
    return product
