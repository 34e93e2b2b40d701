from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data
from pydantic import ValidationError

from experts.encoders.lexical import LexicalEncoder
from experts.errors import RouterError
from routers.embedding_router import EmbeddingRouter
from routers.expected_tokens import ExpectedTokens
from routers.two_step.config import TwoStepConfig
from routers.two_step.estimator import TwoStep

SIZES = {"atlas": 70.0, "bard": 8.0, "cato": 8.0}


def two_step(**options: Any) -> TwoStep:
    return TwoStep(TwoStepConfig.model_validate({"kind": "two_step", **options}))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("categories", ["subjects", "clusters"])
def test_contract(check: Check, categories: str) -> None:
    # New questions of this small set are often less certain than the fitted ones.
    check(lambda: two_step(categories=categories, clusters=3, general_share=0))


def test_the_map_can_be_read() -> None:
    assignment = two_step(categories="subjects").fit(training_data()).assignment_
    general = assignment.pop("general")
    assert assignment == {"law": "atlas", "math": "bard", "biology": "cato"} and general in SIZES


def test_a_budget_keeps_large_experts_out() -> None:
    fitted = two_step(categories="subjects", budget_b=20, parameters_b=SIZES).fit(training_data())
    assert set(fitted.assignment_.values()) == {"bard", "cato"}
    np.testing.assert_array_equal(fitted.allowed(), [False, True, True])


def test_without_a_limit_all_experts_may_be_chosen() -> None:
    assert two_step(categories="subjects").fit(training_data()).allowed().all()


def test_calibration_lets_nobody_in_whom_the_budget_keeps_out() -> None:
    config = TwoStepConfig.model_validate(
        {"kind": "two_step", "categories": "subjects", "budget_b": 20, "parameters_b": SIZES}
    )
    router = EmbeddingRouter(config, lambda: TwoStep(config))
    router.encoder_ = LexicalEncoder(8)
    data = training_data()
    router.learn_vectors(data)
    router.tokens_ = ExpectedTokens.fit(data.vectors, np.ones(data.scores.shape))
    chances = router.predict_vectors(fresh_vectors()).chances
    assert router.calibration_ is not None
    assert (chances[:, 0] == 0).all() and (chances[:, 1:] > 0).all()


def test_no_more_experts_than_allowed_are_used() -> None:
    fitted = two_step(max_experts=1).fit(training_data())
    (only,) = set(fitted.assignment_.values())
    assert (fitted.predict(fresh_vectors()).argmax(axis=1) == fitted.experts_.index(only)).all()


def test_uncertain_questions_go_to_the_general_category() -> None:
    fitted = two_step(categories="subjects", general_share=0.3).fit(training_data())
    nowhere = np.zeros((1, 12), np.float32)
    (reason,) = fitted.explain(nowhere)[0]
    assert reason.startswith("Category general (no category is likelier than 0.3")
    assert fitted.experts_[int(fitted.predict(nowhere).argmax())] == fitted.assignment_["general"]


def test_no_general_category_where_none_is_wanted() -> None:
    fitted = two_step(categories="subjects", general_share=0).fit(training_data())
    assert not fitted.explain(np.zeros((1, 12), np.float32))[0][0].startswith("Category general")


def test_the_map_decides_the_first_even_against_accuracy() -> None:
    fitted = two_step(categories="subjects", max_experts=2).fit(training_data())
    for row in fitted.predict(fresh_vectors()):
        assert fitted.experts_[int(row.argmax())] in fitted.assignment_.values()


def test_sizes_must_be_known_for_a_budget() -> None:
    with pytest.raises(ValidationError, match="budget_b needs parameters_b"):
        two_step(budget_b=20)
    with pytest.raises(RouterError, match="add bard, cato to parameters_b"):
        two_step(budget_b=20, parameters_b={"atlas": 7}).fit(training_data())


def test_subjects_must_be_known_where_they_are_the_categories() -> None:
    with pytest.raises(RouterError, match=r"'two_step' router.*take `categories: clusters`"):
        two_step(categories="subjects").fit(replace(training_data(), subjects=("",) * 150))
