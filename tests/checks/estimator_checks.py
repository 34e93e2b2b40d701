"""One battery of checks over all estimators: what `routers.estimator.Estimator` promises.

from checks.estimator_checks import CHECKS, Check, Make

@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_knn_estimator(check: Check) -> None:
    check(lambda: Knn(KnnConfig(kind="knn")))
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experts.encoders.encoder import Vectors, normalised
from experts.saving import Header, load_state, save_fitted
from routers.estimator import Estimator
from routers.training_data import Scores, TrainingData

Make = Callable[[], Estimator]
"""Makes a new, unfitted estimator; twice the same."""
Check = Callable[[Make], None]

EXPERTS = ("atlas", "bard", "cato")
SUBJECTS = ("law", "math", "biology")
"""Subject i is where expert i is good."""
WORDS = ("tort contract", "integral prime", "cell enzyme")


def training_data(questions: int = 150, *, seed: int = 0) -> TrainingData:
    """Three subjects far apart, and who is good at one is right on 9 of 10 there, else on 2 of 10."""
    rng = np.random.default_rng(seed)
    topic = np.arange(questions) % 3
    vectors = normalised(np.eye(12)[topic] + rng.normal(scale=0.12, size=(questions, 12)))
    chance = np.where(topic[:, None] == np.arange(3), 0.9, 0.2)
    scores = (rng.random((questions, 3)) < chance).astype(np.float64)
    return TrainingData(
        vectors=vectors,
        scores=scores,
        experts=EXPERTS,
        subjects=tuple(SUBJECTS[int(t)] for t in topic),
        texts=tuple(f"{WORDS[int(t)]} question {i}" for i, t in enumerate(topic)),
    )


def with_scores(data: TrainingData, scores: Scores) -> TrainingData:
    """The same questions with other scores, for the first so many experts."""
    return TrainingData(
        vectors=data.vectors,
        scores=scores,
        experts=data.experts[: scores.shape[1]],
        subjects=data.subjects,
        texts=data.texts,
    )


def fresh_vectors(count: int = 30) -> Vectors:
    """Vectors of questions that were not fitted; row i belongs to expert i modulo 3."""
    return training_data(count, seed=1).vectors


def check_fit_returns_the_estimator_and_leaves_the_configuration(make: Make) -> None:
    estimator = make()
    before = {name: repr(value) for name, value in vars(estimator).items() if not name.endswith("_")}
    assert estimator.fit(training_data()) is estimator
    after = {name: repr(value) for name, value in vars(estimator).items() if not name.endswith("_")}
    assert after == before


def check_inputs_are_not_changed(make: Make) -> None:
    data, vectors = training_data(), fresh_vectors()
    data.scores[::4, 1] = np.nan
    kept, asked = copy.deepcopy(data), vectors.copy()
    estimator = make().fit(data)
    estimator.predict(vectors)
    estimator.explain(vectors)
    np.testing.assert_array_equal(data.vectors, kept.vectors)
    np.testing.assert_array_equal(data.scores, kept.scores)
    np.testing.assert_array_equal(vectors, asked)


def check_chances_have_shape_and_range(make: Make) -> None:
    estimator = make().fit(training_data())
    for vectors in (fresh_vectors(), fresh_vectors()[:1], fresh_vectors()[:0]):
        chances = estimator.predict(vectors)
        assert chances.shape == (len(vectors), 3) and chances.dtype == np.float64
        assert np.isfinite(chances).all() and (chances >= 0).all() and (chances <= 1).all()


def check_who_is_good_is_found(make: Make) -> None:
    chances = make().fit(training_data()).predict(fresh_vectors())
    assert (chances.argmax(axis=1) == np.arange(30) % 3).mean() >= 0.9


def check_fitting_twice_is_fitting_once(make: Make) -> None:
    estimator = make().fit(training_data(seed=2)).fit(training_data())
    np.testing.assert_array_equal(
        estimator.predict(fresh_vectors()), make().fit(training_data()).predict(fresh_vectors())
    )


def check_the_order_of_the_questions_does_not_matter(make: Make) -> None:
    data = training_data()
    data.scores[::4, 1] = np.nan
    shuffled = data.take(np.random.default_rng(3).permutation(150))
    np.testing.assert_allclose(
        make().fit(data).predict(fresh_vectors()),
        make().fit(shuffled).predict(fresh_vectors()),
        rtol=0,
        atol=1e-9,
    )


def check_one_row_does_not_depend_on_the_others(make: Make) -> None:
    # Matrix products of other shapes round float32 differently, by far less than this.
    estimator, vectors = make().fit(training_data()), fresh_vectors()
    batch, turned = estimator.predict(vectors), estimator.predict(vectors[::-1])
    np.testing.assert_allclose(batch[::-1], turned, rtol=0, atol=1e-6)
    for row in (0, 7):
        np.testing.assert_allclose(
            estimator.predict(vectors[row : row + 1])[0], batch[row], rtol=0, atol=1e-6
        )
    assert estimator.explain(vectors[7:8]) == estimator.explain(vectors)[7:8]


def check_not_run_is_not_wrong(make: Make) -> None:
    data = training_data()
    scores = np.tile([0.9, 0.5, 0.5], (150, 1))
    scores[1::2, 0] = np.nan
    chances = make().fit(with_scores(data, scores)).predict(fresh_vectors())
    assert (chances.argmax(axis=1) == 0).all()


def check_an_expert_that_never_ran_gets_chances(make: Make) -> None:
    data = training_data()
    data.scores[:, 1] = np.nan
    chances = make().fit(data).predict(fresh_vectors())
    assert np.isfinite(chances).all() and (chances[:, 1] > 0).all() and (chances[:, 1] < 1).all()


def check_extremes_give_chances(make: Make) -> None:
    data = training_data()
    for scores in (np.ones((150, 3)), np.zeros((150, 3)), data.scores[:, :1]):
        chances = make().fit(with_scores(data, scores)).predict(fresh_vectors())
        assert chances.shape == (30, scores.shape[1]) and np.isfinite(chances).all()
        assert abs(chances.mean() - scores.mean()) < 0.15


def check_few_and_repeated_questions_are_enough(make: Make) -> None:
    data = training_data(9)
    for rows in (np.array([0]), np.array([0, 1, 2]), np.arange(9), np.repeat(np.arange(3), 5)):
        chances = make().fit(data.take(rows)).predict(fresh_vectors())
        assert np.isfinite(chances).all() and (chances >= 0).all() and (chances <= 1).all()


def check_a_question_unlike_all_others_gets_chances(make: Make) -> None:
    estimator = make().fit(training_data())
    strange = np.concatenate([np.zeros((1, 12)), -np.eye(12)[:1]]).astype(np.float32)
    assert np.isfinite(estimator.predict(strange)).all()
    assert len(estimator.explain(strange)) == 2


def check_reasons_are_sentences(make: Make) -> None:
    estimator = make().fit(training_data())
    reasons = estimator.explain(fresh_vectors())
    assert len(reasons) == 30 and estimator.explain(fresh_vectors()[:0]) == []
    for row in reasons:
        assert 1 <= len(row) <= 5
        assert all(sentence.strip() == sentence and sentence.endswith(".") for sentence in row)


def check_state_restores_to_the_last_bit(make: Make) -> None:
    data, vectors = training_data(), fresh_vectors()
    data.scores[::4, 1] = np.nan
    fitted = make().fit(data)
    header = Header(format=1, kind="checked", config={}, experts=EXPERTS, questions=150, versions={})
    with tempfile.TemporaryDirectory() as folder:
        save_fitted(Path(folder), header, fitted.state())
        read = load_state(Path(folder))
    estimator = make()
    assert estimator.restore(read) is estimator
    np.testing.assert_array_equal(estimator.predict(vectors), fitted.predict(vectors))
    assert estimator.explain(vectors) == fitted.explain(vectors)


CHECKS: tuple[Check, ...] = tuple(
    check for name, check in sorted(globals().items()) if name.startswith("check_") and callable(check)
)
