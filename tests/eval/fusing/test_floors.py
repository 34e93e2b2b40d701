"""What aggregators must beat, computed on the same questions."""

from __future__ import annotations

import numpy as np
import pytest

from eval.fusing.floors import TREES, fusing_floors
from eval.routing.floors import Floor
from eval.routing.recorded_vote import RecordedAnswers, vote_scores
from experts.encoders.config import LexicalEncoderConfig
from experts.outcome_table import OutcomeTable
from routers.training_data import expert_means


@pytest.fixture(scope="module")
def split(six: OutcomeTable) -> tuple[OutcomeTable, OutcomeTable]:
    return six.take(np.concatenate([six.split("train"), six.split("validation")])), six.take(
        six.split("test")
    )


@pytest.fixture(scope="module")
def floors(split: tuple[OutcomeTable, OutcomeTable], encoder: LexicalEncoderConfig) -> dict[str, Floor]:
    return {floor.name: floor for floor in fusing_floors(encoder, *split, (3, 6))}


def test_every_rule_is_there_once_and_scores_all_questions(floors: dict[str, Floor]) -> None:
    assert list(floors) == [
        "best single",
        "oracle",
        "fixed top-3 vote",
        "64-NN vote of 3",
        "fixed top-6 vote",
        "64-NN vote of 6",
        TREES,
    ]
    for floor in floors.values():
        assert floor.scores.shape == (120,) and not np.isnan(floor.scores).any()


def test_votes_ask_as_many_as_they_say(floors: dict[str, Floor]) -> None:
    for name, k in (("fixed top-3 vote", 3), ("64-NN vote of 3", 3), ("64-NN vote of 6", 6), (TREES, 6)):
        assert {len(set(picks)) for picks in floors[name].chosen} == {k}


def test_a_fixed_vote_asks_the_best_of_the_fitted_questions(
    floors: dict[str, Floor], split: tuple[OutcomeTable, OutcomeTable]
) -> None:
    fitted, test = split
    means = expert_means(fitted.outcomes.mean_score())
    best = tuple(int(j) for j in np.argsort(-means, kind="stable")[:3])
    assert set(floors["fixed top-3 vote"].chosen) == {best}
    chances = np.tile(means, (120, 1))
    expected = vote_scores(RecordedAnswers.of(test), chances, [best] * 120)
    np.testing.assert_array_equal(floors["fixed top-3 vote"].scores, expected)


def test_nearest_neighbours_choose_by_question_and_boosted_trees_fuse(floors: dict[str, Floor]) -> None:
    assert len(set(floors["64-NN vote of 3"].chosen)) > 1
    assert floors["oracle"].scores.mean() >= floors[TREES].scores.mean() > 0.7
    assert set(np.unique(floors[TREES].scores)) <= {0.0, 1.0}
