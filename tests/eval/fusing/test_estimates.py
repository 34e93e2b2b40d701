"""Estimates that a fusion learns from never come from a router that had seen the question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval.fusing.estimates import PARTS, router_estimates
from experts.encoders.config import LexicalEncoderConfig
from experts.outcome_table import OutcomeTable
from routers.classifiers.config import SubjectsConfig
from routers.config import BestSingleConfig, TrainableConfig
from routers.making import make_router
from routers.neighbours.config import KnnConfig
from routers.outcome_router import OutcomeRouter
from routers.training_data import folds

SMALL = LexicalEncoderConfig(dimensions=8)
KNN = KnnConfig(kind="knn", encoder=SMALL)
BEST = BestSingleConfig(kind="best_single")


def halves(table: OutcomeTable) -> tuple[OutcomeTable, OutcomeTable]:
    return table.take(table.split("train")), table.take(table.split("test"))


@pytest.mark.parametrize(
    "config",
    [BEST, KnnConfig(kind="knn", encoder=SMALL, calibrate=False)],
    ids=lambda config: config.kind,
)
def test_a_router_that_leaves_nothing_out_is_fitted_without_each_part(
    recorded_pool: OutcomeTable, config: TrainableConfig
) -> None:
    fitted, asked = halves(recorded_pool)
    left_out, of_others = router_estimates(config, fitted, asked)
    assert left_out.parts.tolist() == folds([q.routing_text for q in fitted.queries], PARTS).tolist()
    for part in range(PARTS):
        out, rest = (np.flatnonzero(flags) for flags in (left_out.parts == part, left_out.parts != part))
        others = fitted.take(rest)
        partial = make_router(config).fit(others.queries, others.outcomes)
        values = [e.values for e in partial.estimate(fitted.take(out).queries)]
        np.testing.assert_allclose(left_out.chances[out], np.clip(values, 0, 1))
    whole = make_router(config).fit(fitted.queries, fitted.outcomes)
    np.testing.assert_allclose(of_others, np.clip([e.values for e in whole.estimate(asked.queries)], 0, 1))


def test_a_router_that_leaves_out_while_it_is_fitted_is_fitted_once(recorded_pool: OutcomeTable) -> None:
    fitted, asked = halves(recorded_pool)
    left_out, of_others = router_estimates(KNN, fitted, asked)
    router = make_router(KNN).fit(fitted.queries, fitted.outcomes)
    assert isinstance(router, OutcomeRouter) and router.left_out_ is not None
    np.testing.assert_array_equal(left_out.chances, router.left_out_)
    np.testing.assert_array_equal(of_others, router.predict(asked.queries).chances)


def test_left_out_estimates_do_not_know_their_own_question(recorded_pool: OutcomeTable) -> None:
    fitted, _ = halves(recorded_pool)
    score = fitted.outcomes.score.copy()
    score[3] = 1.0 - score[3]
    turned = replace(fitted, outcomes=replace(fitted.outcomes, score=score))
    before, after = (router_estimates(BEST, table, table) for table in (fitted, turned))
    np.testing.assert_array_equal(before[0].chances[3], after[0].chances[3])
    assert (before[0].chances != after[0].chances).any()
    assert (before[1][3] != after[1][3]).all()


def test_repeated_questions_are_left_out_together(recorded_pool: OutcomeTable) -> None:
    fitted, _ = halves(recorded_pool)
    queries = list(fitted.queries)
    queries[1] = replace(queries[0], id=queries[1].id)
    left_out, _ = router_estimates(KNN, replace(fitted, queries=tuple(queries)), fitted.take([]))
    assert left_out.parts[0] == left_out.parts[1]
    np.testing.assert_array_equal(left_out.chances[0], left_out.chances[1])


def test_estimates_are_chances_in_the_shape_of_the_table(recorded_pool: OutcomeTable) -> None:
    fitted, asked = halves(recorded_pool)
    subjects = SubjectsConfig(kind="subjects", encoder=SMALL)
    left_out, of_others = router_estimates(subjects, fitted, asked)
    assert left_out.chances.shape == (120, 3) == of_others.shape
    for values in (left_out.chances, of_others):
        assert not np.isnan(values).any() and values.min() >= 0 and values.max() <= 1


def test_no_questions_to_ask_give_no_estimates(recorded_pool: OutcomeTable) -> None:
    fitted, _ = halves(recorded_pool)
    assert router_estimates(KNN, fitted, fitted.take([]))[1].shape == (0, 3)
