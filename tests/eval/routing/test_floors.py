"""The rules that routers must beat, on eight questions whose outcomes can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval.routing.floors import Floor, floors
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query

NAMES = ("ann", "bob", "cyd")
FITTED = [[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]] * 4
"""Ann knows law, bob knows math, and cyd knows both."""
TEST = [[1, 0, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]]
SUBJECTS = ("law", "law", "math", "math")


def table(right: list[list[int]], subjects: tuple[str, ...]) -> OutcomeTable:
    """Who is right answers A; the wrong answers are all different."""
    queries = tuple(
        Query.from_text(f"question {i}?", id=f"q{i}", choices=["red", "green", "blue", "grey"])
        for i in range(len(right))
    )
    score = np.array(right, dtype=np.float64)
    matrix = OutcomeMatrix.from_scores([q.id for q in queries], NAMES, score, subjects=subjects)
    answers = np.where(score == 1, "A", np.array(["B", "C", "D"]))
    matrix = replace(matrix, answer=answers[:, :, None])
    return OutcomeTable(queries=queries, splits=("",) * len(queries), outcomes=matrix)


@pytest.fixture
def found() -> dict[str, Floor]:
    rules = floors(table(FITTED, SUBJECTS * 4), table(TEST, SUBJECTS))
    return {floor.name: floor for floor in rules}


def test_every_rule_is_there(found: dict[str, Floor]) -> None:
    assert list(found) == [
        "best single",
        "fixed top-3 vote",
        "best per gold subject",
        "random",
        "vote of all",
        "oracle",
    ]
    assert all(floor.scores.shape == (4,) for floor in found.values())


def test_the_best_single_expert_is_chosen_on_the_fitted_questions(found: dict[str, Floor]) -> None:
    assert list(found["best single"].chosen) == [(2,)] * 4
    assert found["best single"].scores.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_the_vote_weighs_by_means(found: dict[str, Floor]) -> None:
    # Cyd outweighs ann on the first question, where they disagree.
    assert found["fixed top-3 vote"].scores.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert found["vote of all"].scores.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert set(found["vote of all"].chosen) == {(0, 1, 2)}


def test_of_experts_equal_in_a_subject_the_first_is_taken(found: dict[str, Floor]) -> None:
    # Ann and cyd were both always right on law, bob and cyd on math.
    assert list(found["best per gold subject"].chosen) == [(0,), (0,), (1,), (1,)]
    assert found["best per gold subject"].scores.tolist() == [1.0, 1.0, 1.0, 0.0]


def test_chance_is_the_mean_and_asks_all_alike(found: dict[str, Floor]) -> None:
    np.testing.assert_allclose(found["random"].scores, [1 / 3, 2 / 3, 2 / 3, 0.0])
    assert list(found["random"].chosen) == [(0,), (1,), (2,), (0,)]


def test_the_oracle_is_right_where_anybody_is_and_asks_nobody(found: dict[str, Floor]) -> None:
    assert found["oracle"].scores.tolist() == [1.0, 1.0, 1.0, 0.0]
    assert list(found["oracle"].chosen) == []


def test_a_subject_that_was_never_fitted_gets_the_best_overall() -> None:
    rules = floors(table(FITTED, SUBJECTS * 4), table(TEST, ("art", "law", "math", "art")))
    by_name = {floor.name: floor for floor in rules}
    assert list(by_name["best per gold subject"].chosen) == [(2,), (0,), (1,), (2,)]


def test_without_subjects_there_is_no_rule_by_subject() -> None:
    names = [floor.name for floor in floors(table(FITTED, ()), table(TEST, ()))]
    assert "best per gold subject" not in names and "oracle" in names
