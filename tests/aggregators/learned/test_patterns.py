"""From completions to arrays: codes, samples, strangers, letters."""

import numpy as np
import pytest
from checks.made_pools import answered, choice
from checks.ports import dead, said

from aggregators.equivalence.config import MathEquivalenceConfig
from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.equivalence.mathematical import MathEquivalence
from aggregators.learned.patterns import (
    NO_ANSWER,
    NOT_ASKED,
    OPEN_OPTIONS,
    ReadItems,
    letter_places,
    read_items,
)
from experts.query import Query
from experts.verdict import Candidates


def read(*items: Candidates, experts: str = "abc") -> ReadItems:
    return read_items(items, tuple(experts), ExactEquivalence())


def open_item(**answers: str) -> Candidates:
    completions = tuple(said(expert, f"The answer is {text}.") for expert, text in answers.items())
    return Candidates(query=Query.from_text("How many?", id="open"), completions=completions)


def test_answers_are_numbered_by_rank_and_experts_stand_in_the_order_of_the_pool() -> None:
    found = read(choice(answered("c", "D"), answered("a", "B"), answered("b", "D"), c=0.9, b=0.4))
    assert found.patterns.codes.tolist() == [[1, 0, 0]]
    assert found.keys == [("D", "B")]
    np.testing.assert_array_equal(found.patterns.estimates, [[np.nan, 0.4, 0.9]])
    assert [b.completion.expert for b in found.ballots[0]] == ["c", "a", "b"]


def test_a_failure_counts_as_not_asked_and_an_unreadable_answer_as_none() -> None:
    found = read(choice(dead("a"), answered("b", "")), choice())
    assert found.patterns.codes.tolist() == [[NOT_ASKED, NO_ANSWER, NOT_ASKED], [NOT_ASKED] * 3]
    assert found.patterns.asked.tolist() == [[False, True, False], [False] * 3]
    assert found.keys == [(), ()]


def test_most_samples_of_an_expert_speak_for_it_and_of_equals_the_first() -> None:
    def samples(*letters: str) -> ReadItems:
        return read(
            choice(*(answered("a", x, sample=i, tokens=i + 1, certainty=i) for i, x in enumerate(letters)))
        )

    found = samples("A", "B", "", "B")
    assert (found.keys, found.patterns.codes.tolist()) == ([("B",)], [[0, NOT_ASKED, NOT_ASKED]])
    assert (found.patterns.tokens[0, 0], found.patterns.certainty[0, 0]) == (2.0, 1.0)
    assert samples("", "C", "A").keys == [("C",)]
    assert samples("", "").patterns.codes[0, 0] == NO_ANSWER


def test_strangers_are_left_out_of_the_patterns_and_stay_among_the_ballots() -> None:
    found = read(choice(answered("zoe", "A"), answered("b", "B"), zoe=0.9, b=0.5))
    assert found.patterns.codes.tolist() == [[NOT_ASKED, 0, NOT_ASKED]]
    assert found.keys == [("B",)]
    assert [b.completion.expert for b in found.ballots[0]] == ["zoe", "b"]


def test_what_was_not_measured_is_unknown() -> None:
    found = read(choice(answered("a", "A", tokens=0), answered("b", "B", tokens=7, certainty=0.0))).patterns
    np.testing.assert_array_equal(found.tokens, [[np.nan, 7.0, np.nan]])
    np.testing.assert_array_equal(found.certainty, [[np.nan, 0.0, np.nan]])
    assert np.isnan(found.estimates).all()


def test_letters_are_places_among_the_options_and_open_answers_have_none() -> None:
    found = read(choice(answered("a", "D"), answered("b", "A")), open_item(a="12", b="1,000", c="12.0"))
    np.testing.assert_array_equal(found.patterns.letters, [[3.0, 0.0], [np.nan, np.nan]])
    assert found.patterns.options.tolist() == [4.0, OPEN_OPTIONS]
    assert found.patterns.codes.tolist() == [[0, 1, NOT_ASKED], [0, 1, 0]]
    np.testing.assert_array_equal(
        letter_places(["AB", ""], [("B",), ("A", "B")]), [[1, np.nan], [np.nan] * 2]
    )
    assert letter_places([], []).shape == (0, 0)


def test_open_answers_are_joined_by_the_equivalence() -> None:
    pytest.importorskip("math_verify")
    item = open_item(a="1/2", b="0.5", c="3")
    assert read(item).patterns.codes.tolist() == [[0, 1, 2]]
    with_values = read_items([item], ("a", "b", "c"), MathEquivalence(MathEquivalenceConfig(kind="math")))
    assert with_values.patterns.codes.tolist() == [[0, 0, 1]]
    assert len(with_values.keys[0]) == 2


def test_experts_and_questions_can_be_left_out_of_patterns() -> None:
    patterns = read(choice(answered("a", "A"), answered("b", "B")), choice(answered("c", "C"))).patterns
    alone = patterns.only(np.array([[False, True, True], [True, True, False]]))
    assert alone.codes.tolist() == [[NOT_ASKED, 1, NOT_ASKED], [NOT_ASKED] * 3], "numbers stay"
    twice = patterns.take(np.array([1, 0, 1]))
    assert (len(twice), twice.codes.tolist()) == (3, [[-2, -2, 0], [0, 1, -2], [-2, -2, 0]])
