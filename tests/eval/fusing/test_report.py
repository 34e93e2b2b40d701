"""A comparison as JSON, as tables and as a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from eval.fusing.bench import Bench, Row
from eval.fusing.floors import TREES
from eval.fusing.picture import draw
from eval.fusing.report import coverage_line, floor_table, report, table
from eval.metrics import paired_difference
from eval.routing.floors import Floor
from routers.config import TrainableConfig

SCORES = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
SUPPORT = np.array([0.9, 0.1, 0.8, 0.9, 0.3, 0.7, 0.95, 0.2, 0.85, 0.6])


def row(name: str, most: int, validation: float, support: np.ndarray = SUPPORT, **more: Any) -> Row:
    against = {"best single": paired_difference(SCORES, 1 - SCORES, rng=np.random.default_rng(0))}
    settings: dict[str, Any] = {"setting": "", "tokens": np.full(10, 20.0), **more}
    return Row(
        name=name,
        most=most,
        validation=validation,
        scores=SCORES,
        support=support,
        calls=np.full(10, most),
        against=against,
        **settings,
    )


@pytest.fixture
def small(router: TrainableConfig) -> Bench:
    """Two bounds; the best aggregator of all three experts does not say how sure it is."""
    unsure = np.full(10, np.nan)
    return Bench(
        experts=("ann", "bob", "cyd"),
        questions={"train": 5, "validation": 5, "test": 10},
        router=router,
        floors=[
            Floor(name="best single", scores=1 - SCORES, chosen=[(0,)] * 10),
            Floor(name="oracle", scores=np.ones(10), chosen=[]),
        ],
        floor_tokens={"best single": float("nan")},
        rows=[
            row("learned", 2, 0.8, setting="least 0.1"),
            row("top", 2, 0.6, unsure),
            row("learned", 3, 0.7),
            row("top", 3, 0.9, unsure, tokens=np.full(10, np.nan)),
        ],
    )


@pytest.fixture
def found(small: Bench) -> dict[str, Any]:
    return report(small, encoder="lexical")


def shown(*things: Any) -> str:
    screen = Console(width=250, record=True, file=StringIO())
    for thing in things:
        screen.print(thing)
    return screen.export_text()


def test_the_report_is_json_without_numbers_that_are_none(found: dict[str, Any]) -> None:
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["rows"][3]["tokens"] is None and found["floors"]["best single"]["tokens"] is None
    assert found["floors"]["oracle"]["calls"] is None and found["floors"]["best single"]["calls"] == 1.0


def test_the_winner_of_each_bound_is_named(found: dict[str, Any]) -> None:
    assert found["winner"] == {"2": "learned", "3": "top"}


def test_probabilities_are_judged_where_there_are_any(found: dict[str, Any]) -> None:
    learned, top = found["rows"][:2]
    assert learned["calibration_error"] == pytest.approx(np.abs(SUPPORT - SCORES).mean())
    brier = np.mean((SUPPORT - SCORES) ** 2) / np.mean((SCORES - 0.7) ** 2)
    assert learned["brier_skill"] == pytest.approx(1 - brier)
    assert not {"calibration_error", "brier_skill", "coverage"} & set(top)


def test_coverage_takes_the_surest_first(found: dict[str, Any]) -> None:
    curve = found["rows"][0]["coverage"]
    assert [point["coverage"] for point in curve] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert [point["accuracy"] for point in curve[:7]] == [1.0] * 7
    assert curve[-1]["accuracy"] == pytest.approx(0.7)
    assert [p["least_support"] for p in curve] == sorted(SUPPORT, reverse=True)


def test_equal_scores_leave_nothing_for_skill(small: Bench) -> None:
    rows = [replace(small.rows[0], scores=np.ones(10))]
    assert report(replace(small, rows=rows), encoder="lexical")["rows"][0]["brier_skill"] == 0.0


def test_tables_show_the_best_on_validation_first_and_starred(found: dict[str, Any]) -> None:
    text = shown(table(found, 2), table(found, 3), floor_table(found))
    assert "At most 2 calls a question on average" in text and "All 3 experts" in text
    assert "learned * (least 0.1)" in text and "top *" in text and "minus best single" in text
    assert text.index("top *") < text.rindex("learned")
    assert "70.0 (39.7 to 89.2)" in text and "+40.0" in text


def test_the_line_on_coverage_is_of_the_winner_of_the_largest_bound(small: Bench) -> None:
    assert coverage_line(report(small, encoder="lexical")).startswith("top does not say how sure it is")
    only = replace(small, rows=small.rows[:2])
    line = coverage_line(report(only, encoder="lexical"))
    assert "learned of all: 10%: 100.0" in line and line.endswith("100%: 70.0")


def test_a_picture_is_drawn_with_and_without_a_curve(found: dict[str, Any], tmp_path: Path) -> None:
    draw(found, tmp_path / "coverage.png")
    assert (tmp_path / "coverage.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "coverage.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_real_comparison_is_json_with_a_curve_for_every_probability(bench: Bench) -> None:
    found = report(bench, encoder="lexical")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found["winner"]) == ["3", "5", "6"]
    without = {row["aggregator"] for row in found["rows"] if "coverage" not in row}
    assert without == {"top"}
    text = shown(floor_table(found), *(table(found, most) for most in (3, 5, 6)))
    assert TREES in text and f"minus {TREES}" in text and "minus 64-NN vote of 5" in text
