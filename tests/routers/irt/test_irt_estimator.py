"""What is particular to item response theory: it recovers what answers were drawn from, and says it."""

from __future__ import annotations

import numpy as np
import pytest
from checks.estimator_checks import CHECKS, EXPERTS, Check, fresh_vectors, training_data, with_scores
from scipy.special import expit
from scipy.stats import pearsonr

from experts.errors import RouterError
from routers.irt.config import IrtConfig
from routers.irt.irt_estimator import IrtEstimator
from routers.training_data import TrainingData

CONFIG = IrtConfig(kind="irt")
WEAK = IrtConfig(kind="irt", l2_difficulty=0.05)  # for difficulties of which vectors say all


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(check: Check) -> None:
    check(lambda: IrtEstimator(CONFIG))


def drawn(questions: int) -> tuple[TrainingData, np.ndarray]:
    """Answers drawn from a model of one ability and a difficulty along the first axis, in logits."""
    rng = np.random.default_rng(5)
    axes = rng.normal(size=(questions, 6))
    vectors = (axes / np.linalg.norm(axes, axis=1, keepdims=True)).astype(np.float32)
    difficulty = 4.0 * vectors[:, 0].astype(np.float64)
    chances = expit(np.array([2.0, 0.5, -1.0]) - difficulty[:, None])
    data = TrainingData(
        vectors=vectors,
        scores=(rng.random(chances.shape) < chances).astype(np.float64),
        experts=EXPERTS,
        subjects=("",) * questions,
        texts=tuple(f"question {i}" for i in range(questions)),
    )
    return data, difficulty


def test_abilities_and_difficulties_that_answers_were_drawn_from_are_found() -> None:
    data, difficulty = drawn(1500)
    estimator = IrtEstimator(CONFIG).fit(data)
    np.testing.assert_allclose(estimator.ability[:, 0], [2.0, 0.5, -1.0], atol=0.4)
    assert pearsonr(estimator.difficulty(data.vectors), difficulty).statistic > 0.98


def test_discrimination_is_the_general_ability_on_average_and_difficulty_is_centred() -> None:
    data = training_data()
    estimator = IrtEstimator(CONFIG).fit(data)
    asked = estimator.discrimination(data.vectors).mean(axis=0)
    np.testing.assert_allclose(asked, [1.0] + [0.0] * (len(asked) - 1), atol=1e-5)
    assert abs(estimator.difficulty(data.vectors).mean()) < 1e-5


def test_accuracy_on_a_benchmark_is_predicted() -> None:
    data, _ = drawn(2000)
    estimator = IrtEstimator(WEAK).fit(data.take(np.arange(1000)))
    hard = [i for i in range(1000, 2000) if data.vectors[i, 0] > 0.3]
    predicted = estimator.predict_benchmark(data.vectors[hard])
    np.testing.assert_allclose(predicted, data.scores[hard].mean(axis=0), atol=0.06)


def test_an_expert_that_is_added_gets_the_abilities_of_its_like_and_changes_no_other() -> None:
    data = training_data()
    estimator = IrtEstimator(CONFIG).fit(data)
    before = estimator.predict(fresh_vectors())
    estimator.add_expert("dodo", data.vectors[:60], data.scores[:60, 2])
    after = estimator.predict(fresh_vectors())
    np.testing.assert_array_equal(after[:, :3], before)
    assert estimator.experts_ == (*EXPERTS, "dodo")
    assert np.abs(after[:, 3] - after[:, 2]).mean() < 0.12


def test_an_expert_that_was_added_without_a_run_is_an_average_one() -> None:
    data = training_data()
    estimator = IrtEstimator(CONFIG).fit(data).add_expert("dodo", data.vectors, np.full(150, np.nan))
    assert estimator.ability[3, 0] == pytest.approx(estimator.ability[:3, 0].mean())


def test_adding_an_expert_twice_or_with_other_lengths_is_refused() -> None:
    data = training_data()
    estimator = IrtEstimator(CONFIG).fit(data)
    with pytest.raises(RouterError, match="'cato' is in the pool already"):
        estimator.add_expert("cato", data.vectors, data.scores[:, 0])
    with pytest.raises(RouterError, match=r"shape \(150,\).*got \(3,\)"):
        estimator.add_expert("dodo", data.vectors, np.ones(3))


def test_reasons_give_the_rank_of_the_difficulty() -> None:
    data, difficulty = drawn(400)
    estimator = IrtEstimator(CONFIG).fit(data)
    hardest, easiest = int(difficulty.argmax()), int(difficulty.argmin())
    reasons = estimator.explain(data.vectors[[hardest, easiest]])
    assert reasons[0][0].startswith(("Difficulty 0.9", "Difficulty 1.0"))
    assert reasons[1][0].startswith("Difficulty 0.0")
    assert "atlas" in reasons[0][1]


def test_without_specialities_all_experts_are_ranked_alike_on_every_question() -> None:
    data = training_data()
    scores = (np.arange(150)[:, None] % 10 < np.array([8, 5, 2])).astype(np.float64)
    estimator = IrtEstimator(IrtConfig(kind="irt", specialities=0)).fit(with_scores(data, scores))
    assert estimator.ability.shape == (3, 1)
    assert (estimator.predict(fresh_vectors()).argsort(axis=1) == [2, 1, 0]).all()
