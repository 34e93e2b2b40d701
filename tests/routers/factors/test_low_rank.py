"""What is particular to the low-rank model."""

from __future__ import annotations

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, EXPERTS, Check, fresh_vectors, training_data

from routers.factors.config import FactorsConfig
from routers.factors.low_rank import LowRankEstimator

CONFIG = FactorsConfig(kind="factors")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check) -> None:
    check(lambda: LowRankEstimator(CONFIG))


def test_the_rank_bounds_both_factors() -> None:
    estimator = LowRankEstimator(FactorsConfig(kind="factors", rank=2)).fit(training_data())
    assert estimator.query_factors_.shape == (12, 2) and estimator.expert_factors_.shape == (3, 2)


def test_a_strong_prior_leaves_the_means() -> None:
    data = training_data()
    estimator = LowRankEstimator(FactorsConfig(kind="factors", l2=1e4)).fit(data)
    chances = estimator.predict(fresh_vectors())
    np.testing.assert_allclose(chances, np.tile(data.scores.mean(axis=0), (30, 1)), atol=0.01)


def test_an_expert_that_never_ran_is_an_average_one_everywhere() -> None:
    data = training_data()
    data.scores[:, 1] = np.nan
    chances = LowRankEstimator(CONFIG).fit(data).predict(fresh_vectors())[:, 1]
    np.testing.assert_allclose(chances, np.nanmean(data.scores), atol=0.02)


def test_reasons_set_the_chance_against_the_average_one() -> None:
    reasons = LowRankEstimator(CONFIG).fit(training_data()).explain(fresh_vectors()[:1])
    assert reasons[0][0].startswith(f"Chance on this question (on an average one): {EXPERTS[0]} 0.")
