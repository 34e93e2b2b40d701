"""Points of accuracy against tokens and price, and which of them nobody beats."""

from checks.made_rows import expert_row, manifest_of, question_row

from eval.reports.frontier import frontier
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import FrontierPoint
from eval.reports.standings import standings, table_scores
from eval.runs.row import QuestionRow


def points(rows: list[QuestionRow], best: str | None = None) -> dict[str, FrontierPoint]:
    arrays = run_arrays(rows, manifest_of(rows))
    scores = table_scores(arrays, best)
    stood = standings(arrays, scores, best_single=best, absent={}, costs={"fixed_top_k": (2.0, 60.0, 0.0)})
    return {point.name: point for point in frontier(arrays, stood.table, best)}


def run(*, price: float = 0.0) -> list[QuestionRow]:
    """Ann: half right for 20 tokens; bob: half right for 30; the system: all right for both's."""
    rows = []
    for i, (ann, bob) in enumerate([("A", "B"), ("B", "A")]):
        row = question_row(f"q{i}", {"ann": ann, "bob": bob}, system="A", chosen=["ann", "bob"])
        experts = (
            expert_row("ann", ann, asked=True, completion_tokens=20, cost_usd=3 * price),
            expert_row("bob", bob, asked=True, completion_tokens=30, cost_usd=price),
        )
        scores = {**row.scores, "fixed_top_k": 0.5, "best_single": float(ann == "A")}
        changes = {"experts": experts, "completion_tokens": 50, "cost_usd": 4 * price, "scores": scores}
        rows.append(row.model_copy(update=changes))
    return rows


def test_points_are_the_system_each_expert_and_rows_that_take_tokens() -> None:
    found = points(run(), "ann")
    assert {name: point.tokens for name, point in found.items()} == {
        "system": 50.0,
        "ann": 20.0,
        "bob": 30.0,
        "random": 25.0,
        "fixed_top_k": 60.0,
    }
    assert found["ann"].label == "ann (best single)" and found["bob"].label == "bob"


def test_nobody_beats_what_is_on_the_line() -> None:
    found = points(run())
    assert {name for name, point in found.items() if point.on_token_frontier} == {"system", "ann"}
    assert {point.on_cost_frontier for point in found.values()} == {None}


def test_prices_have_a_line_of_their_own() -> None:
    found = points(run(price=1.0))
    marks = {name: point.on_cost_frontier for name, point in found.items()}
    assert marks == {"system": True, "bob": False, "ann": False, "random": False, "fixed_top_k": True}, (
        "as often right as bob, for nothing"
    )


def test_an_expert_that_was_not_run_everywhere_is_no_point() -> None:
    rows = run()
    rows[0] = rows[0].model_copy(update={"experts": rows[0].experts[1:]})
    assert "ann" not in points(rows) and "bob" in points(rows)
