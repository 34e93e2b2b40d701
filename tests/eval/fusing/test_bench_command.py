"""`compound bench-aggregators` from a file to its reports, on a small recorded pool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

from compound.cli import app
from experts.outcome_table import OutcomeTable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(recorded_pool: OutcomeTable, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = Path(tmp_path_factory.mktemp("fusing"))
    recorded_pool.save(folder / "matrix.parquet")
    ids = [query.id for query in recorded_pool.queries]
    texts = {"model": ["ann"] * len(ids), "question_id": ids, "text": ["The answer is short."] * len(ids)}
    parquet.write_table(pyarrow.table(texts), folder / "texts.parquet")
    arguments = ["bench-aggregators", "-m", str(folder / "matrix.parquet"), "-o", str(folder / "out")]
    arguments += ["--router", "knn", "--texts", str(folder / "texts.parquet")]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "220"})
    assert result.exit_code == 0, result.output
    return folder / "out", result.output


@pytest.fixture(scope="module")
def found(bench: tuple[Path, str]) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON.")

    text = (bench[0] / "bench.json").read_text(encoding="utf-8")
    report: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return report


def test_the_report_has_rows_floors_and_the_router(found: dict[str, Any]) -> None:
    names = {row["aggregator"] for row in found["rows"]}
    assert names >= {"top", "majority", "weighted", "borda", "complexity", "learned", "learned, with texts"}
    assert {"best single", "fixed top-3 vote", "64-NN vote of 3", "oracle"} < set(found["floors"])
    assert found["router"]["kind"] == "knn" and found["experts"] == ["ann", "bob", "cyd"]
    assert found["questions"] == {"train": 120, "validation": 120, "test": 120}
    assert all(row["calls"] <= 3 for row in found["rows"])


def test_routing_and_fusing_beat_the_best_expert(found: dict[str, Any]) -> None:
    [weighted] = [row for row in found["rows"] if row["aggregator"] == "weighted"]
    assert weighted["against"]["best single"]["low"] > 0
    assert weighted["brier_skill"] > 0


def test_tables_a_line_and_a_picture_are_made(bench: tuple[Path, str]) -> None:
    out, shown = bench
    assert (out / "coverage.png").stat().st_size > 10_000
    for text in (
        "To be beaten",
        "All 3 experts",
        "learned, with texts",
        "the best on validation",
        "Accuracy",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--router", "magic"], "There is no kind 'magic' of routers to train"),
        (["--pool", "ann,zoe"], "no expert zoe"),
        (["--texts", "nowhere.parquet"], "nowhere.parquet cannot be read"),
    ],
)
def test_mistakes_get_one_sentence(
    recorded_pool: OutcomeTable, tmp_path: Path, extra: list[str], sentence: str
) -> None:
    recorded_pool.save(tmp_path / "m.parquet")
    arguments = ["bench-aggregators", "-m", str(tmp_path / "m.parquet"), "-o", str(tmp_path / "o"), *extra]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert sentence in result.output.replace("\n", " ")
