"""The main table: differences, the gap that is closed, rows that are not known everywhere, what rows take."""

from collections.abc import Mapping, Sequence

import pytest
from checks.made_rows import expert_row, manifest_of, question_row

from eval.reports.run_arrays import run_arrays
from eval.reports.schema import Standing
from eval.reports.standings import LABELS, Standings, standings, table_scores
from eval.runs.row import QuestionRow


def stood(
    rows: Sequence[QuestionRow],
    best: str | None = "ann",
    costs: Mapping[str, tuple[float, float, float]] | None = None,
) -> Standings:
    arrays = run_arrays(rows, manifest_of(rows))
    return standings(arrays, table_scores(arrays, best), best_single=best, absent={}, costs=costs or {})


def by_name(found: Standings) -> dict[str, Standing]:
    return {row.name: row for row in found.table}


def many(*kinds: tuple[str, str, str], times: int = 50) -> list[QuestionRow]:
    """Letters of ann, bob and the system, each so many times."""
    return [
        question_row(
            f"q{i}-{j}", {"ann": ann, "bob": bob}, system=system, chosen=["ann", "bob"], best_single="ann"
        )
        for i, (ann, bob, system) in enumerate(kinds)
        for j in range(times)
    ]


def test_gap_closed_is_the_share_from_best_single_to_oracle() -> None:
    # Best single 1/4, system 2/4, oracle 3/4: half of the gap.
    found = stood(many(("A", "B", "A"), ("B", "A", "A"), ("C", "A", "B"), ("B", "B", "B"))).gap_closed
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert 0.4 < found.low < 0.5 < found.high < 0.6


def test_a_system_worse_than_the_best_single_closes_less_than_nothing() -> None:
    found = stood(many(("A", "B", "B"), ("B", "A", "B"))).gap_closed
    assert found is not None and found.value == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "rows",
    [
        many(("A", "B", "A"), ("A", "A", "A")),  # the best single expert is the oracle
        many(*[("A", "B", "A")] * 9, ("B", "A", "A"), times=1),  # one question apart: may be luck
    ],
)
def test_where_the_gap_may_be_none_no_share_is_given(rows: list[QuestionRow]) -> None:
    assert stood(rows).gap_closed is None


def test_a_difference_that_is_the_same_everywhere_has_no_width() -> None:
    row = by_name(stood(many(("B", "A", "A"))))["best_single"]
    assert row.system_minus is not None
    assert (row.system_minus.low, row.system_minus.value, row.system_minus.high) == (1.0, 1.0, 1.0)
    assert row.label == "best single (ann)"


def test_rows_stand_in_a_fixed_order() -> None:
    row = question_row("q", {"ann": "A"}, system="A", chosen=["ann"])
    found = stood([row.model_copy(update={"scores": dict.fromkeys(reversed([*LABELS]), 1.0)})])
    assert [standing.name for standing in found.table] == [*LABELS]


def test_a_row_that_some_questions_lack_is_absent_with_the_reason() -> None:
    rows = many(("A", "B", "A"), times=3)
    rows[0] = rows[0].model_copy(update={"scores": {**rows[0].scores, "fixed_top_k": 1.0}})
    found = stood(rows)
    assert "fixed_top_k" not in by_name(found)
    assert found.absent == {"fixed_top_k": "it is known for 1 of 3 questions only"}


def test_random_is_the_expectation_and_not_a_draw() -> None:
    found = by_name(stood(many(("A", "B", "A"), times=1)))["random"]
    assert found.accuracy.value == 0.5
    assert (found.calls, found.tokens) == (1.0, 10.0)


def spent_by(
    name: str, rows: Sequence[QuestionRow], **costs: tuple[float, float, float]
) -> tuple[object, ...]:
    found = by_name(stood(rows, costs=costs))[name]
    return found.calls, found.tokens, found.cost_usd


def fused(**changes: object) -> QuestionRow:
    """Two experts of 30 and 50 tokens, asked both, and a call of 100 tokens that fuses them."""
    row = question_row(
        "q", {"ann": "A", "bob": "B"}, system="A", chosen=["bob", "ann"], estimates={"ann": 0.2, "bob": 0.9}
    )
    experts = (
        expert_row("ann", "A", asked=True, completion_tokens=30, cost_usd=0.01),
        expert_row("bob", "B", asked=True, completion_tokens=50, cost_usd=0.02),
    )
    names = ("system", "majority_vote", "router_top1", "best_single", "random", "fixed_top_k", "oracle")
    known = {"calls": 3, "completion_tokens": 180, "cost_usd": 0.05, "experts": experts}
    everything = {**known, "scores": dict.fromkeys(names, 1.0), **changes}
    changed: QuestionRow = row.model_copy(update=everything)
    return changed


def test_what_each_row_takes() -> None:
    rows = [fused()]
    assert spent_by("system", rows) == (3.0, 180.0, 0.05)
    assert spent_by("majority_vote", rows) == (2.0, 80.0, 0.03)
    assert spent_by("router_top1", rows) == (1.0, 50.0, 0.02)
    assert spent_by("best_single", rows) == (1.0, 30.0, 0.01)
    assert spent_by("random", rows) == (1.0, 40.0, 0.015)
    assert spent_by("fixed_top_k", rows) == (None, None, None)
    assert spent_by("fixed_top_k", rows, fixed_top_k=(2.0, 70.0, 0.03)) == (2.0, 70.0, 0.03)
    assert spent_by("oracle", rows) == (None, None, None)


def test_votes_over_repeated_samples_take_an_unknown_amount() -> None:
    assert spent_by("majority_vote", [fused(chosen=("ann", "ann"))]) == (None, None, None)


def test_without_prices_there_is_no_cost() -> None:
    assert spent_by("system", many(("A", "B", "A"), times=1)) == (2.0, 20.0, None)


def test_who_was_not_run_everywhere_has_no_known_amount() -> None:
    rows = [fused(), fused(id="q2", experts=(expert_row("bob", "A"),))]
    assert spent_by("random", rows) == (None, None, None)
    assert spent_by("router_top1", rows)[:2] == (1.0, 30.0)
