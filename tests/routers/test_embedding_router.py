"""What stands around every estimator: folds that are left out, calibration, tokens, novelty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from experts.encoders.config import LexicalEncoderConfig
from experts.encoders.encoder import Vectors
from experts.encoders.lexical import LexicalEncoder
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.embedded_config import EmbeddedConfig
from routers.embedding_router import FOLDS, EmbeddingRouter, cross_fit, training_data
from routers.estimator import Chances, State
from routers.neighbours.config import KnnConfig
from routers.neighbours.knn import Knn
from routers.training_data import TrainingData, folds

SMALL = LexicalEncoderConfig(dimensions=8)


class Memory:
    """Gives 0.9 to questions that it was fitted on, and 0.5 to others."""

    def __init__(self) -> None:
        self.seen_: set[bytes] = set()
        self.pool_ = 0

    def fit(self, data: TrainingData) -> Self:
        self.seen_ = {row.tobytes() for row in data.vectors}
        self.pool_ = data.scores.shape[1]
        return self

    def predict(self, vectors: Vectors) -> Chances:
        known = np.array([row.tobytes() in self.seen_ for row in vectors], dtype=bool)
        return np.tile(np.where(known, 0.9, 0.5)[:, None], (1, self.pool_))

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        return [("Remembered.",)] * len(vectors)

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> Self:
        return self


class CountingEncoder(LexicalEncoder):
    """Writes down how many texts it was asked for at once."""

    def __init__(self) -> None:
        super().__init__(8)
        self.batches: list[int] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(len(texts))
        return super().encode(texts)


def apart(count: int, texts: Sequence[str] = ()) -> TrainingData:
    """Questions whose vectors have nothing in common."""
    return TrainingData(
        vectors=np.eye(count, dtype=np.float32),
        scores=np.ones((count, 2)),
        experts=("atlas", "bard"),
        subjects=("",) * count,
        texts=tuple(texts) or tuple(f"question {i}" for i in range(count)),
    )


def knn_router(encoder: Any = None, **options: Any) -> EmbeddingRouter:
    config = KnnConfig(kind="knn", encoder=SMALL, **options)
    return EmbeddingRouter(config, lambda: Knn(config), encoder=encoder)


def test_every_question_is_predicted_by_a_fit_that_had_not_seen_it() -> None:
    np.testing.assert_array_equal(cross_fit(Memory, apart(40)), np.full((40, 2), 0.5))


def test_a_repeated_question_is_left_out_with_its_twin() -> None:
    data = apart(40)
    twice = data.take(np.repeat(np.arange(40), 2))
    np.testing.assert_array_equal(cross_fit(Memory, twice), np.full((80, 2), 0.5))


def test_questions_that_all_share_a_fold_are_fitted_on_themselves() -> None:
    one = apart(1)
    np.testing.assert_array_equal(cross_fit(Memory, one), [[0.9, 0.9]])


def test_a_fold_is_not_predicted_from_questions_that_nobody_ran() -> None:
    data = apart(40)
    fold = folds(data.texts, FOLDS)
    only_first = replace(data, scores=np.where(fold[:, None] == fold[0], 1.0, np.nan) * np.ones((1, 2)))
    chances = cross_fit(Memory, only_first)
    assert set(chances[fold == fold[0], 0]) == {0.9} and set(chances[fold != fold[0], 0]) == {0.5}


def test_data_come_in_the_order_of_texts_with_their_places(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    data, order = training_data(queries, outcomes, LexicalEncoder(8))
    assert list(data.texts) == sorted(q.routing_text for q in queries)
    assert [queries[i].routing_text for i in order] == list(data.texts)
    np.testing.assert_array_equal(data.scores, outcomes.mean_score()[order])
    assert data.subjects == tuple(outcomes.subjects[i] for i in order)
    bare = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, outcomes.score)
    assert set(training_data(queries, bare, LexicalEncoder(8))[0].subjects) == {""}


def test_calibrated_estimates_are_right_as_often_as_they_say(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router = knn_router().fit(queries, outcomes)
    chances = router.predict(queries).chances
    np.testing.assert_allclose(chances.mean(axis=0), outcomes.mean_score().mean(axis=0), atol=0.08)
    assert router.estimate(queries[:1])[0].calibrated
    assert router.error_correlation_ is not None and router.error_correlation_.shape == (3, 3)
    np.testing.assert_array_equal(np.diag(router.error_correlation_), 1.0)


def test_without_calibration_one_fit_is_made_and_scores_have_no_unit(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    made: list[Memory] = []

    def make() -> Memory:
        made.append(Memory())
        return made[-1]

    raw = EmbeddingRouter(EmbeddedConfig(encoder=SMALL, calibrate=False), make)
    raw.encoder_ = LexicalEncoder(8)
    raw.learn_vectors(training_data(queries, outcomes, raw.encoder_)[0])
    assert len(made) == 1 and raw.calibration_ is None and raw.error_correlation_ is None
    full = EmbeddingRouter(EmbeddedConfig(encoder=SMALL), make)
    full.encoder_ = raw.encoder_
    full.learn_vectors(training_data(queries, outcomes, full.encoder_)[0])
    assert len(made) == 1 + FOLDS + 1
    assert not knn_router(calibrate=False).fit(queries, outcomes).estimate(queries[:1])[0].calibrated


def test_a_batch_is_encoded_once_for_estimates_and_reasons(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    encoder = CountingEncoder()
    router = knn_router(encoder).fit(queries, outcomes)
    encoder.batches.clear()
    router.route(queries[:7], 2)
    assert encoder.batches == [7]


def test_vectors_give_what_texts_give(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    router = knn_router().fit(queries, outcomes)
    vectors = router.encode(queries)
    np.testing.assert_array_equal(router.predict_vectors(vectors).chances, router.predict(queries).chances)
    assert router.explain_vectors(vectors)[3] == router.estimate(queries)[3].reasons


def test_expected_tokens_and_novelty_are_part_of_the_estimate(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    assert knn_router().fit(queries, outcomes).estimate(queries[:1])[0].tokens is None
    logged = replace(outcomes, tokens=np.tile([[[20.0], [80.0], [np.nan]]], (40, 1, 1)))
    router = knn_router().fit(queries[::-1], logged)
    known, strange = router.estimate([queries[0], Query.from_text("Who painted the night watch?")])
    assert known.tokens is not None
    np.testing.assert_allclose(known.tokens[:2], [20.0, 80.0])
    assert np.isnan(known.tokens[2])
    assert strange.novelty == 1.0 > known.novelty


def test_tokens_stay_with_their_questions_in_any_order(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    long = np.array(["addition" in q.question for q in queries])
    logged = replace(outcomes, tokens=np.tile(np.where(long, 400.0, 20.0)[:, None, None], (1, 3, 1)))
    tokens = knn_router().fit(queries[::-1], logged).predict(queries).tokens
    assert tokens[long].mean() > 1.5 * tokens[~long].mean()


def test_left_out_estimates_are_kept_in_the_order_of_the_questions(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router = knn_router().fit(queries, outcomes)
    assert router.left_out_ is not None and router.left_out_.shape == (40, 3)
    data, order = training_data(queries, outcomes, LexicalEncoder(8))
    assert router.calibration_ is not None
    apart = router.calibration_.apply([cross_fit(router.make_estimator, data)])
    np.testing.assert_array_equal(router.left_out_[order], apart)
    turned = knn_router().fit(queries[::-1], outcomes)
    np.testing.assert_array_equal(turned.left_out_, router.left_out_[::-1])


def test_left_out_estimates_promise_less_than_those_of_fitted_questions(
    queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router = knn_router().fit(queries, outcomes)
    right = outcomes.mean_score() == 1.0
    assert router.left_out_ is not None
    assert router.left_out_[right].mean() < router.predict(queries).chances[right].mean()


def test_left_out_estimates_are_not_saved_and_not_made_without_calibration(
    queries: list[Query], outcomes: OutcomeMatrix, tmp_path: Path
) -> None:
    knn_router().fit(queries, outcomes).save(tmp_path / "router")
    assert knn_router().load(tmp_path / "router").left_out_ is None
    assert knn_router(calibrate=False).fit(queries, outcomes).left_out_ is None
