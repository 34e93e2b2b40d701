"""The best expert for every query, with its mean and its tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.best_single import BestSingleRouter
from routers.config import BestSingleConfig
from routers.training_data import expert_means

CONFIG = BestSingleConfig(kind="best_single")


def test_the_best_comes_first_for_every_query(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    best = outcomes.experts[int(outcomes.mean_score().mean(axis=0).argmax())]
    router = BestSingleRouter(CONFIG).fit(queries, outcomes)
    decisions = router.route([*queries[:3], Query.from_text("What else?")], 2)
    assert {d.chosen[0] for d in decisions} == {best} and len({d.chosen for d in decisions}) == 1
    assert decisions[0].reasons[0].startswith(f"{best} is best overall: ")
    np.testing.assert_array_equal(router.predict(queries).chances[5], expert_means(outcomes.mean_score()))


def test_ties_go_to_the_first_of_the_configuration(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    even = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, np.full((40, 3), 0.5))
    assert BestSingleRouter(CONFIG).fit(queries, even).route(queries[:1], 1)[0].chosen == ("atlas",)


def test_tokens_are_means_over_questions(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    tokens = np.full(outcomes.score.shape, np.nan)
    tokens[:10, 0], tokens[:30, 1] = 20.0, 60.0
    router = BestSingleRouter(CONFIG).fit(queries, replace(outcomes, tokens=tokens))
    given = router.estimate(queries[:1])[0].tokens
    assert given is not None
    np.testing.assert_array_equal(given, [20.0, 60.0, np.nan])
    assert BestSingleRouter(CONFIG).fit(queries, outcomes).estimate(queries[:1])[0].tokens is None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_arrays_have_a_row_a_query(queries: list[Query], outcomes: OutcomeMatrix, count: int) -> None:
    prediction = BestSingleRouter(CONFIG).fit(queries, outcomes).predict(queries[:count])
    assert prediction.chances.shape == prediction.tokens.shape == (count, 3)
    assert prediction.novelty.shape == (count,)
