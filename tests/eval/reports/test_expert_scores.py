"""Experts one by one: official accuracy beside ours, whom the system asked, what failed."""

from checks.made_rows import expert_row, manifest_of, question_row

from eval.reports.expert_scores import expert_scores
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import ExpertScore
from eval.runs.row import QuestionRow


def found(
    rows: list[QuestionRow], experts: tuple[str, ...] = (), **changes: object
) -> dict[str, ExpertScore]:
    manifest = manifest_of(rows, experts, **changes)
    return {score.name: score for score in expert_scores(run_arrays(rows, manifest), manifest)}


def test_official_accuracy_is_over_the_benchmarks_that_have_it_and_failures_are_wrong() -> None:
    own = (expert_row("ann", "A", official="right"), expert_row("bob", "A", official="unparsed"))
    failed = (expert_row("ann", "!"), expert_row("bob", "B", official="right"))
    rows = [
        question_row("q0", {}, experts=own),
        question_row("q1", {}, experts=failed),
        question_row("q2", {"ann": "A", "bob": "A"}, benchmark="other"),
    ]
    scores = found(rows)
    assert {name: s.official and s.official.value for name, s in scores.items()} == {"ann": 0.5, "bob": 0.5}
    assert scores["ann"].accuracy is not None and scores["ann"].accuracy.value == 2 / 3
    assert {s.official for s in found(rows[2:]).values()} == {None}


def test_shares_of_calls_count_repeated_samples_and_sum_to_1() -> None:
    rows = [
        question_row("q0", {"ann": "A", "bob": "B"}, system="A", chosen=["ann", "ann"]),
        question_row("q1", {"ann": "A", "bob": "B"}, system="A", chosen=["ann", "bob"]),
    ]
    assert {name: s.asked_share for name, s in found(rows).items()} == {"ann": 0.75, "bob": 0.25}


def test_where_nobody_was_asked_shares_are_0() -> None:
    rows = [question_row("q0", {"ann": "A"}, system="!")]
    assert found(rows)["ann"].asked_share == 0.0


def test_experts_stand_as_configured_whatever_rows_begin_with() -> None:
    rows = [question_row("q0", {"bob": "A"}), question_row("q1", {"cyd": "A", "ann": "A", "bob": "A"})]
    scores = found(rows, ("ann", "bob"), played_back=("bob",))
    assert [*scores] == ["ann", "bob", "cyd"]
    assert [s.n for s in scores.values()] == [1, 2, 1]
    assert [s.played_back for s in scores.values()] == [False, True, False]


def test_cut_off_completions_are_counted_beside_their_outcomes() -> None:
    rows = [question_row("q0", {}, experts=(expert_row("ann", "A", truncated=True),))]
    score = found(rows)["ann"]
    assert (score.truncated, score.unparsed, score.errors) == (1, 0, 0)
    assert score.accuracy is not None and score.accuracy.value == 1.0
