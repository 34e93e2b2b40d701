"""Pools are chosen for what their experts add to each other, within the budget."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from eval.pool_command import select_pool as command
from eval.pool_selection import select_pool
from eval.pool_value import PoolValue
from experts.errors import ConfigError
from experts.expert_facts import ExpertFacts
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query

SUBJECTS = ("law", "maths", "music")
RIGHT = {
    "lawyer": (0.8, 0.2, 0.2),
    "second lawyer": (0.78, 0.2, 0.2),
    "mathematician": (0.2, 0.8, 0.2),
    "musician": (0.2, 0.2, 0.8),
    "generalist": (0.5, 0.5, 0.5),
}
SIZES: dict[str, float | None] = dict.fromkeys(RIGHT, 8.0)


def outcomes(seed: int, n: int = 600) -> OutcomeMatrix:
    """Specialists and a generalist on questions with four options."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(3, size=n)
    chance = np.array(list(RIGHT.values()))[:, subject].T
    score = (rng.random(chance.shape) < chance).astype(float)
    answer = np.where(score == 1, "A", rng.choice(["B", "C", "D"], size=score.shape))
    matrix = OutcomeMatrix.from_scores(
        [f"{seed}-{i}" for i in range(n)], tuple(RIGHT), score, subjects=[SUBJECTS[i] for i in subject]
    )
    return replace(matrix, answer=answer[:, :, None])


TRAIN, TEST = outcomes(1), outcomes(2)


def names(max_experts: int, budget: float, per_query: int = 1) -> set[str]:
    choice = select_pool(TRAIN, TEST, SIZES, budget, max_experts, per_query=per_query)
    return {member.name for member in choice.members}


def test_specialists_that_complete_each_other_are_chosen_for_routing() -> None:
    assert names(3, 24.0) == {"lawyer", "mathematician", "musician"}
    assert names(1, 24.0) == {"generalist"}


def test_each_adds_what_the_pool_would_lose() -> None:
    choice = select_pool(TRAIN, TEST, SIZES, 24.0, 3, per_query=1)
    assert choice.test.estimate == pytest.approx(0.8, abs=0.05)
    assert choice.over_best_single.low > 0.15
    for member in choice.members:
        assert member.adds.low > 0.1
        assert member.accuracy.estimate < choice.test.estimate
    assert choice.best_single == "generalist"
    assert choice.size_b == 24.0


def test_an_expert_that_adds_nothing_is_not_hosted_though_there_is_room() -> None:
    assert names(5, 1000.0) == {"lawyer", "mathematician", "musician"}


def test_experts_of_unknown_size_are_left_out_and_named() -> None:
    choice = select_pool(TRAIN, TEST, {**SIZES, "lawyer": None}, 24.0, 3, per_query=1)
    assert choice.unknown_size == ("lawyer",)
    assert {m.name for m in choice.members} == {"second lawyer", "mathematician", "musician"}


@given(
    sizes=st.lists(st.floats(1, 40), min_size=5, max_size=5),
    budget=st.floats(1, 100),
    most=st.integers(1, 5),
    per_query=st.integers(1, 3),
)
@settings(max_examples=15, deadline=None)
def test_the_budget_holds(sizes: list[float], budget: float, most: int, per_query: int) -> None:
    by_name: dict[str, float | None] = dict(zip(RIGHT, sizes, strict=True))
    if min(sizes) > budget:
        with pytest.raises(ConfigError, match="No expert of known size fits"):
            select_pool(TRAIN, TEST, by_name, budget, most)
        return
    choice = select_pool(TRAIN, TEST, by_name, budget, most, per_query=per_query)
    assert 1 <= len(choice.members) <= most
    assert choice.size_b == pytest.approx(sum(m.size_b for m in choice.members))
    assert choice.size_b <= budget


def test_the_search_comes_to_the_best_of_all_pools() -> None:
    value = PoolValue(TRAIN, per_query=1)
    best = max(combinations(range(5), 3), key=lambda pool: value.scores(pool).mean())
    assert {TRAIN.experts[i] for i in best} == names(3, 24.0)


def test_three_voters_outvote_one_and_share_their_answer() -> None:
    score = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]] * 20)
    answer = np.array([["B", "A", "A"], ["C", "D", ""]] * 20)
    matrix = OutcomeMatrix.from_scores([str(i) for i in range(40)], ("x", "y", "z"), score)
    value = PoolValue(replace(matrix, answer=answer[:, :, None]), per_query=3)
    assert value.scores((0, 1, 2)).tolist() == [1.0, 0.0] * 20
    assert value.scores((0,)).tolist() == [0.0, 0.0] * 20


def test_cells_that_were_not_run_are_not_asked() -> None:
    score = np.array([[1.0, 0.0], [np.nan, 1.0]] * 20)
    matrix = OutcomeMatrix.from_scores([str(i) for i in range(40)], ("x", "y"), score)
    value = PoolValue(matrix, per_query=1)
    assert value.scores((0, 1)).tolist() == [1.0, 1.0] * 20
    assert value.scores((0,)).tolist() == [1.0, 0.0] * 20


@pytest.mark.parametrize(("budget", "most", "k"), [(0, 3, 1), (10, 0, 1), (10, 3, 0), (math.nan, 3, 1)])
def test_numbers_out_of_range_are_refused(budget: float, most: int, k: int) -> None:
    with pytest.raises(ConfigError, match="A pool needs a budget above 0"):
        select_pool(TRAIN, TEST, SIZES, budget, most, per_query=k)


def saved(folder: Path) -> Path:
    """Train and test as one outcome table in a file."""
    score = np.concatenate([TRAIN.mean_score(), TEST.mean_score()])
    ids = [*TRAIN.question_ids, *TEST.question_ids]
    table = OutcomeTable(
        queries=tuple(Query.from_text(f"question {i}?", id=i) for i in ids),
        splits=("train",) * len(TRAIN.question_ids) + ("test",) * len(TEST.question_ids),
        outcomes=OutcomeMatrix.from_scores(
            ids, TRAIN.experts, score, subjects=[*TRAIN.subjects, *TEST.subjects]
        ),
        facts={name: ExpertFacts(parameters_b=8.0, total_parameters_b=8.0) for name in list(RIGHT)[:4]},
    )
    table.save(folder / "m.parquet")
    return folder / "m.parquet"


def test_the_command_shows_and_writes_the_pool(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `data`")
    app = typer.Typer()
    app.command()(command)
    args = ["-m", str(saved(tmp_path)), "--budget-b", "24", "--max-experts", "3", "-k", "1"]
    shown = CliRunner().invoke(app, [*args, "--out", str(tmp_path / "pool.json")])
    assert shown.exit_code == 0, shown.output
    assert "Together 24 of 24 billion parameters" in shown.output
    assert "Not looked at, of unknown size: generalist." in shown.output
    written = json.loads((tmp_path / "pool.json").read_text(encoding="utf-8"))
    assert set(written["experts"]) == {"lawyer", "mathematician", "musician"}
    as_json = CliRunner().invoke(app, [*args, "--json"])
    assert json.loads(as_json.output) == written


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `data`")
    app = typer.Typer()
    app.command()(command)
    args = ["-m", str(saved(tmp_path)), "--budget-b", "24", "-o", str(tmp_path / "no" / "pool.json")]
    with pytest.raises(ConfigError, match="The pool cannot be written to"):
        CliRunner().invoke(app, args, catch_exceptions=False)
