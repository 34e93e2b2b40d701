"""The skill router on recorded answers of ten real models to MMLU-Pro; skips without the data."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.skills.annotation import Annotation
from routers.skills.config import LlmAnnotatorConfig, SkillRouterConfig
from routers.skills.shrinkage import Array
from routers.skills.skill_router import SkillRouter


class SubjectAnnotator:
    """The question's subject, which the data set gives, as its one keyword."""

    def annotate(self, queries: Sequence[Query], generate: Generate | None) -> list[Annotation]:
        return [Annotation(keywords=(query.question,)) for query in queries]


def recorded(split: str) -> tuple[tuple[str, ...], list[Query], Array]:
    """Pool, queries that hold nothing but a subject, and scores (n, m)."""
    folder = os.environ.get("COMPOUND_DATA")
    if not folder:
        pytest.skip("COMPOUND_DATA does not name the folder of recorded outcomes.")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra `data`")
    pool = tuple(json.loads((Path(folder) / "pools.json").read_text(encoding="utf-8"))["small10"]["models"])
    columns = ["question_id", "category", *(f"ok:{name}" for name in pool)]
    filters = [("split", "=", split)]
    table = parquet.read_table(Path(folder) / "mmlu_pro_outcomes.parquet", columns=columns, filters=filters)
    rows = zip(table["question_id"].to_pylist(), table["category"].to_pylist(), strict=True)
    score = np.array([table[f"ok:{name}"].to_pylist() for name in pool], dtype=np.float64).T
    return (
        pool,
        [Query.from_text(subject, id=str(i)) for i, subject in rows],
        np.where(score < 0, np.nan, score),
    )


def test_skills_beat_the_best_single_model_and_its_mean() -> None:
    pool, asked, score = recorded("train")
    _, fresh, truth = recorded("test")
    config = SkillRouterConfig(kind="skill", annotator=LlmAnnotatorConfig(kind="llm", expert="none"))
    router = SkillRouter(config, annotator=SubjectAnnotator())
    router.fit(asked, OutcomeMatrix.from_scores([q.id for q in asked], pool, score))
    values = np.array([estimate.values for estimate in router.estimate(fresh)])
    single = truth[:, int(np.nanmean(score, axis=0).argmax())]
    assert np.nanmean(truth[np.arange(len(truth)), values.argmax(axis=1)]) > np.nanmean(single) + 0.02
    assert np.nanmean((values - truth) ** 2) < np.nanmean((np.nanmean(score, axis=0) - truth) ** 2)
