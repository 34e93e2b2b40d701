"""What is particular to matching descriptions: it works without outcomes and is checked against them."""

from __future__ import annotations

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, Check, fresh_vectors, training_data, with_scores
from pydantic import ValidationError

from experts.encoders.encoder import Vectors
from experts.errors import RouterError
from routers.prompted.config import DescriptionsConfig
from routers.prompted.description_estimator import DescriptionEstimator

CONFIG = DescriptionsConfig(
    kind="descriptions", descriptions={"atlas": "Law.", "bard": "Mathematics.", "cato": "Biology."}
)
VECTORS: Vectors = np.eye(12, dtype=np.float32)[:3]
"""Of the descriptions: expert i is described by what subject i is about."""


def described(config: DescriptionsConfig = CONFIG) -> DescriptionEstimator:
    return DescriptionEstimator(config).fit_texts(VECTORS[: len(config.descriptions)])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check) -> None:
    check(described)


def test_texts_are_the_descriptions_in_order() -> None:
    assert described().texts_to_encode() == ["Law.", "Mathematics.", "Biology."]


def test_nothing_needs_to_have_been_run() -> None:
    estimator = described().fit(with_scores(training_data(), np.full((150, 3), np.nan)))
    chances = estimator.predict(fresh_vectors())
    assert estimator.strength_ == 3.0
    assert (chances.argmax(axis=1) == np.arange(30) % 3).all()


def test_descriptions_that_mislead_get_no_weight() -> None:
    data = training_data()
    lie = with_scores(data, data.scores[:, [1, 2, 0]])
    assert described().fit(lie).strength_ == pytest.approx(0.0, abs=1e-3)
    assert described().fit(data).strength_ > 1.0


def test_a_strength_that_is_given_is_taken() -> None:
    config = CONFIG.model_copy(update={"strength": 7.0})
    assert described(config).fit(training_data()).strength_ == 7.0


def test_an_expert_without_a_description_keeps_its_mean() -> None:
    config = DescriptionsConfig(kind="descriptions", descriptions={"atlas": "Law.", "bard": "Mathematics."})
    data = training_data()
    chances = described(config).fit(data).predict(fresh_vectors())[:, 2]
    np.testing.assert_allclose(chances, data.scores[:, 2].mean(), atol=0.01)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(RouterError, match=r"call fit_texts\(vectors\) before"):
        DescriptionEstimator(CONFIG).fit(training_data())
    with pytest.raises(RouterError, match="none of which is in the pool"):
        described(DescriptionsConfig(kind="descriptions", descriptions={"dodo": "Birds."})).fit(
            training_data()
        )
    with pytest.raises(ValidationError, match=r"'bard'.*are empty"):
        DescriptionsConfig(kind="descriptions", descriptions={"atlas": "Law.", "bard": " "})


def test_reasons_quote_the_nearest_description() -> None:
    reasons = described().fit(training_data()).explain(fresh_vectors()[1:2])[0]
    assert reasons[0].startswith("Nearest descriptions, by cosine above the usual: bard (+")
    assert reasons[1] == "bard is described so: Mathematics."
