"""`compound train-aggregator`: a fusion in a folder that a configuration then uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from aggregators.build import build_aggregator
from aggregators.learned.config import LearnedFusionConfig
from aggregators.learned.fusion_folder import load_fusion
from compound.cli import app
from eval.fusing.estimates import router_estimates
from eval.fusing.fitting import fit_fusion
from eval.fusing.recorded import RecordedCandidates
from experts.outcome_table import OutcomeTable
from routers.making import make_router
from routers.neighbours.config import KnnConfig

KNN = {"kind": "knn", "encoder": {"kind": "lexical", "dimensions": 8}}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["train-aggregator", *map(str, arguments)])


@pytest.fixture(scope="module")
def matrix(recorded_pool: OutcomeTable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fusing") / "matrix.parquet"
    recorded_pool.save(path)
    return path


@pytest.fixture(scope="module")
def by_kind(matrix: Path) -> tuple[Path, dict[str, Any]]:
    out = matrix.parent / "fusion"
    result = run("-m", matrix, "--router", "knn", "-o", out, "--json")
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def test_it_learns_from_train_and_validation(by_kind: tuple[Path, dict[str, Any]]) -> None:
    out, summary = by_kind
    assert summary["experts"] == ["ann", "bob", "cyd"] and summary["questions"] == 240
    assert summary["bytes"] == sum(path.stat().st_size for path in out.iterdir())
    assert load_fusion(out).pool == ("ann", "bob", "cyd")


def test_what_was_learned_answers_in_a_system(
    by_kind: tuple[Path, dict[str, Any]], recorded_pool: OutcomeTable
) -> None:
    aggregator = build_aggregator(LearnedFusionConfig(kind="learned", path=by_kind[0]))
    test = recorded_pool.take(recorded_pool.split("test"))
    knn = KnnConfig(kind="knn")
    learned_from = recorded_pool.take([i for i, s in enumerate(recorded_pool.splits) if s != "test"])
    router = make_router(knn).fit(learned_from.queries, learned_from.outcomes)
    recorded = RecordedCandidates(test, router.predict(test.queries).chances)  # type: ignore[attr-defined]
    verdicts = aggregator.aggregate(recorded.items(3))
    assert {verdict.aggregator for verdict in verdicts} == {"learned"}
    assert all(
        v.support is not None and v.support > 0 and set(v.moved) == {"ann", "bob", "cyd"} for v in verdicts
    )
    assert recorded.score(verdicts).mean() > test.outcomes.mean_score().mean(axis=0).max() + 0.1


def test_the_router_may_be_a_file_or_a_trained_one(
    matrix: Path, recorded_pool: OutcomeTable, tmp_path: Path
) -> None:
    """Both give what the same settings give in code."""
    file = tmp_path / "router.yaml"
    file.write_text(yaml.safe_dump(KNN), encoding="utf-8")
    train = recorded_pool.take(recorded_pool.split("train"))
    config = KnnConfig.model_validate(KNN)
    trained = make_router(config).fit(train.queries, train.outcomes)
    trained.save(tmp_path / "router")  # type: ignore[attr-defined]
    left_out, chances = router_estimates(config, train, train)
    items = RecordedCandidates(train, chances).items(3)
    expected = [v.support for v in fit_fusion(train, left_out).aggregate(items)]
    for given in (file, tmp_path / "router"):
        out = tmp_path / "fusion"
        result = run("-m", matrix, "--router", given, "-o", out, "--split", "train")
        assert result.exit_code == 0, result.output
        assert "learned from 120 questions" in result.output.replace("\n", " ")
        assert [v.support for v in load_fusion(out).aggregate(items)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--router", "magic"], "There is no kind 'magic' of routers to train"),
        (["--router", "knn", "--texts", "nowhere.parquet"], "nowhere.parquet cannot be read"),
        (["--router", "knn", "--pool", "ann,zoe"], "no expert zoe"),
        (["--router", "."], "router"),
    ],
)
def test_mistakes_get_one_sentence(matrix: Path, tmp_path: Path, extra: list[str], sentence: str) -> None:
    result = run("-m", matrix, "-o", tmp_path / "fusion", *extra)
    assert result.exit_code == 2, result.output
    assert sentence in result.output.replace("\n", " ")
    assert not (tmp_path / "fusion").exists()


def test_too_few_questions_are_refused(recorded_pool: OutcomeTable, tmp_path: Path) -> None:
    recorded_pool.take(range(60)).save(tmp_path / "m.parquet")
    result = run("-m", tmp_path / "m.parquet", "--router", "best_single", "-o", tmp_path / "fusion")
    assert result.exit_code == 2
    assert "needs at least 100 profiled questions, the table has 40" in result.output.replace("\n", " ")
