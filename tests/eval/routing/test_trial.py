"""A router of any kind is fitted, asked and measured in one go, and answers as it would by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks.miniature_routers import miniature_config

from eval.routing.trial import encoding_microseconds, saved_bytes, timed_prediction, try_router
from experts.encoders.config import LexicalEncoderConfig
from experts.errors import RouterError
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.making import make_router


def table(count: int, subjects: tuple[str, ...] = ()) -> OutcomeTable:
    queries = tuple(
        Query.from_text(f"{('law', 'math')[i % 2]} question number {i}?", id=f"q{i}") for i in range(count)
    )
    score = np.array([[i % 2 == 0, i % 2 == 1] for i in range(count)], dtype=np.float64)
    matrix = OutcomeMatrix.from_scores([q.id for q in queries], ["atlas", "bard"], score, subjects=subjects)
    return OutcomeTable(queries=queries, splits=("",) * count, outcomes=matrix)


@pytest.mark.parametrize("name", ["knn", "ensemble", "best_single", "skill-encoder"])
def test_it_predicts_what_the_router_predicts(name: str) -> None:
    fitted, asked = table(40), table(7)
    trial = try_router(miniature_config(name), fitted, asked)
    alone: Any = make_router(miniature_config(name)).fit(fitted.queries, fitted.outcomes)
    values = np.array([estimate.values for estimate in alone.estimate(asked.queries)])
    np.testing.assert_allclose(trial.prediction.chances, values, rtol=0, atol=1e-6)
    assert trial.prediction.tokens.shape == (7, 2) and trial.prediction.novelty.shape == (7,)
    assert trial.fit_seconds > 0 and trial.microseconds > 0
    assert trial.saved_bytes == saved_bytes(trial.router) > 500


def test_encoding_is_left_out_of_the_time_of_a_prediction() -> None:
    fitted = table(40)
    router: Any = make_router(miniature_config("knn")).fit(fitted.queries, fitted.outcomes)
    asked: list[int] = []
    encode = router.encoder_.encode

    def counted(texts: Any) -> Any:
        asked.append(len(texts))
        return encode(texts)

    router.encoder_.encode = counted
    prediction, seconds = timed_prediction(router, table(7))
    assert asked == [7] and len(prediction.chances) == 7 and seconds > 0
    assert encoding_microseconds(LexicalEncoderConfig(dimensions=4), ["law of asia", "river"] * 5) > 0


def test_a_kind_that_needs_subjects_says_so() -> None:
    with pytest.raises(RouterError, match="subjects"):
        try_router(miniature_config("subjects"), table(40), table(7))
    with_subjects = try_router(miniature_config("subjects"), table(40, ("law", "math") * 20), table(7))
    assert with_subjects.prediction.chances[0].argmax() == 0
