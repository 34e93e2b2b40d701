"""`compound bench-routers` from a file to its reports, on a small recorded pool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from compound.cli import app
from experts.outcome_table import OutcomeTable

KINDS = "best_single,knn,subjects,descriptions,ensemble"


@pytest.fixture(scope="module")
def bench(recorded_pool: OutcomeTable, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = Path(tmp_path_factory.mktemp("bench"))
    recorded_pool.save(folder / "matrix.parquet")
    arguments = ["bench-routers", "-m", str(folder / "matrix.parquet"), "-o", str(folder / "out"), "--curve"]
    result = CliRunner().invoke(app, [*arguments, "--kinds", KINDS], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return folder / "out", result.output


@pytest.fixture(scope="module")
def found(bench: tuple[Path, str]) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((bench[0] / "bench.json").read_text(encoding="utf-8"))
    return report


def test_every_kind_has_a_row_with_its_difference_to_every_floor(found: dict[str, Any]) -> None:
    assert [row["router"] for row in found["rows"]] == KINDS.split(",")
    for row in found["rows"]:
        assert set(row["outcomes"]) == {"1", "3"}
        for outcome in row["outcomes"].values():
            assert set(outcome["against"]) == set(found["floors"])


def test_routing_by_subject_is_found_to_be_better_than_the_best_expert(found: dict[str, Any]) -> None:
    [subjects] = [row for row in found["rows"] if row["router"] == "subjects"]
    gain = subjects["outcomes"]["1"]["against"]["best single"]
    assert gain["low"] > 0.1
    assert subjects["brier_skill"] > 0.05


def test_the_winner_is_the_best_on_validation(found: dict[str, Any]) -> None:
    for most, winner in found["winner"].items():
        scores = {row["router"]: row["outcomes"][most]["validation"] for row in found["rows"]}
        assert scores[winner] == max(scores.values())


def test_one_expert_a_query_is_one(found: dict[str, Any]) -> None:
    for row in found["rows"]:
        outcome = row["outcomes"]["1"]
        assert outcome["experts"] == 1.0
        assert sum(outcome["asked"].values()) == found["questions"]["test"]
        assert 1.0 <= outcome["parameters_b"] <= 3.0


def test_a_picture_a_curve_and_tables_are_made(bench: tuple[Path, str], found: dict[str, Any]) -> None:
    out, shown = bench
    assert (out / "accuracy.png").stat().st_size > 10_000
    assert found["learning_curve"][-1]["questions"] == 240
    for text in ("Without a router", "One expert a query", "Probabilities and costs", "240 questions:"):
        assert text in shown


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--kinds", "magic"], "There is no kind magic to compare; known are best_single"),
        (["--pool", "ann,zoe"], "no expert zoe"),
        (["--pool", "nowhere.json:small"], "No pools can be read from nowhere.json"),
    ],
)
def test_mistakes_get_one_sentence(
    recorded_pool: OutcomeTable, tmp_path: Path, extra: list[str], sentence: str
) -> None:
    recorded_pool.save(tmp_path / "m.parquet")
    arguments = ["bench-routers", "-m", str(tmp_path / "m.parquet"), "-o", str(tmp_path / "out"), *extra]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert sentence in result.output.replace("\n", " ")
