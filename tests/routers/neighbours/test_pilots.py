from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import (
    CHECKS,
    Check,
    check_not_run_is_not_wrong,
    fresh_vectors,
    training_data,
    with_scores,
)

from routers.neighbours.config import PilotsConfig
from routers.neighbours.pilots import Pilots, winners


def pilots(**options: Any) -> Pilots:
    return Pilots(PilotsConfig.model_validate({"kind": "pilots", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("options", [{}, {"pilots": 1}], ids=str)
def test_contract(check: Check, options: dict[str, Any]) -> None:
    check(lambda: pilots(**options))


# As published, whoever was not asked wins nothing.
@pytest.mark.parametrize(
    "check", [c for c in CHECKS if c is not check_not_run_is_not_wrong], ids=lambda check: check.__name__
)
def test_contract_as_published(check: Check) -> None:
    check(lambda: pilots(pilots=1, owner_first=True))


def test_a_question_is_won_by_the_highest_score_and_a_tie_by_who_is_right_most_often() -> None:
    scores = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.2, 0.5], [np.nan, np.nan], [1.0, 0.5]])
    np.testing.assert_array_equal(winners(scores), [0, 0, -1, 1, -1, 0])


def test_pilots_are_placed_where_their_owner_wins() -> None:
    fitted = pilots(pilots=1).fit(training_data())
    assert sorted(fitted.owners_.tolist()) == [0, 1, 2]
    (reason,) = fitted.explain(fresh_vectors()[:1])[0]
    assert "of questions that atlas wins: atlas right on" in reason


def test_the_owner_of_the_nearest_pilot_comes_first_as_published() -> None:
    fitted = pilots(owner_first=True).fit(training_data())
    nearest = (fresh_vectors() @ fitted.pilots_.T).argmax(axis=1)
    np.testing.assert_array_equal(fitted.predict(fresh_vectors()).argmax(axis=1), fitted.owners_[nearest])


def test_an_added_expert_brings_its_pilots_and_the_others_stay() -> None:
    data = training_data()
    fitted = pilots().fit(with_scores(data, data.scores[:, :2]))
    before, owners = fitted.pilots_, fitted.owners_
    fitted.add_expert("cato", data.scores[:, 2])
    np.testing.assert_array_equal(fitted.pilots_[: len(before)], before)
    np.testing.assert_array_equal(fitted.owners_[: len(before)], owners)
    assert set(fitted.owners_[len(before) :]) == {2}
    assert (fitted.predict(fresh_vectors()).argmax(axis=1)[2::3] == 2).mean() > 0.8


def test_an_added_expert_that_wins_nothing_still_gets_chances() -> None:
    fitted = pilots().fit(training_data())
    before = len(fitted.pilots_)
    fitted.add_expert("dora", np.zeros(150))
    chances = fitted.predict(fresh_vectors())
    assert len(fitted.pilots_) == before and chances.shape == (30, 4)
    assert (chances[:, 3] < chances[:, :3].max(axis=1)).all()
