from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores

from routers.classifiers.config import LinearConfig
from routers.classifiers.linear import Linear
from routers.classifiers.logistic import fit_logistic, log_loss


def linear(**options: Any) -> Linear:
    return Linear(LinearConfig.model_validate({"kind": "linear", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Check) -> None:
    check(linear)


def test_it_finds_what_scikit_learn_finds() -> None:
    from sklearn.linear_model import LogisticRegression

    data = training_data()
    weights = fit_logistic(data.vectors, data.scores, 2.0)
    for expert in range(3):
        model = LogisticRegression(C=0.5, tol=1e-8).fit(data.vectors, data.scores[:, expert])
        np.testing.assert_allclose(weights[:-1, expert], model.coef_[0], atol=0.05)


def test_missing_cells_have_no_influence() -> None:
    data = training_data()
    half = data.scores.copy()
    half[75:, 0] = np.nan
    both = fit_logistic(data.vectors, half, 1.0)
    alone = fit_logistic(data.vectors[:75], data.scores[:75, :1], 1.0)
    # The prior of the mean knows the rest of the pool, hence not to the last digit.
    np.testing.assert_allclose(both[:, 0], alone[:, 0], atol=0.05)


def test_noise_gets_the_strongest_penalty_and_signal_a_weaker_one() -> None:
    data = training_data(600)
    noise = (np.random.default_rng(0).random((600, 3)) < 0.5).astype(np.float64)
    assert linear().fit(with_scores(data, noise)).strength_ == 30.0
    assert linear().fit(data).strength_ < 30.0


def test_experts_weights_come_together_where_being_apart_is_dear() -> None:
    data = training_data()
    spread = [
        np.ptp(fit_logistic(data.vectors, data.scores, 1.0, apart=apart)[:-1], axis=1).max()
        for apart in (1.0, 10.0, 1e4)
    ]
    assert spread[0] > 2 * spread[1] > 20 * spread[2]


def test_chances_of_clear_cases_are_near_their_frequency() -> None:
    chances = linear().fit(training_data(600)).predict(fresh_vectors())
    assert abs(chances[::3, 0].mean() - 0.9) < 0.07 and abs(chances[1::3, 0].mean() - 0.2) < 0.07


def test_log_loss_leaves_out_cells_that_were_not_run() -> None:
    chances, scores = np.full((2, 2), 0.5), np.array([[1.0, np.nan], [np.nan, 0.0]])
    assert log_loss(chances, scores) == pytest.approx(np.log(2))
    assert np.isnan(log_loss(chances, np.full((2, 2), np.nan)))
