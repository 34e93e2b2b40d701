"""Whom the router picks for what, and when that is called a collapse."""

import numpy as np
import pytest
from checks.made_rows import manifest_of, question_row

from eval.reports.picks import picks
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import Picks
from eval.runs.row import QuestionRow

POOL = ("ann", "bob", "cyd")
SUBJECTS = ("laws", "rivers", "sums")


def found(rows: list[QuestionRow], pool: tuple[str, ...] = POOL) -> Picks:
    result = picks(run_arrays(rows, manifest_of(rows, pool)), pool)
    assert result is not None
    return result


def run(first: str, chances: dict[str, tuple[float, float, float]], n: int = 300) -> list[QuestionRow]:
    """Questions of three subjects in turn; experts are right by chance of their own in each.

    `first` says whom the router picks: a name, "own" the expert of the subject's place, "any" at random.
    """
    rng = np.random.default_rng(11)
    rows = []
    for i in range(n):
        s = i % 3
        made = {name: "A" if rng.random() < chances[name][s] else "B" for name in POOL}
        any_one = POOL[int(rng.integers(3))]
        pick = {"own": POOL[s], "any": any_one}.get(first, first)
        rows.append(
            question_row(f"q{i}", made, system=made[pick], subject=SUBJECTS[s], chosen=[pick], estimates={})
        )
    return rows


SPECIALISTS = {"ann": (0.9, 0.4, 0.4), "bob": (0.4, 0.9, 0.4), "cyd": (0.4, 0.4, 0.9)}
STAR = {"ann": (0.9, 0.9, 0.9), "bob": (0.5, 0.5, 0.5), "cyd": (0.5, 0.5, 0.5)}
ALIKE = {"ann": (0.6, 0.6, 0.6), "bob": (0.6, 0.6, 0.6), "cyd": (0.6, 0.6, 0.6)}


def test_shares_count_all_that_were_chosen_and_best_is_by_accuracy() -> None:
    rows = [
        question_row("q0", {"ann": "A", "bob": "B"}, system="A", subject="laws", chosen=["ann", "bob"]),
        question_row("q1", {"ann": "A", "bob": "B"}, system="A", subject="laws", chosen=["ann", "ann"]),
        question_row("q2", {"ann": "B", "bob": "A"}, system="B", subject="sums", chosen=["ann"]),
    ]
    result = found(rows)
    assert (result.rows, result.experts) == (("laws", "sums"), POOL)
    assert result.share == ((0.75, 0.25, 0.0), (1.0, 0.0, 0.0))
    assert result.best == ("ann", "bob")


def test_best_is_not_told_where_not_everybody_was_asked() -> None:
    rows = [
        question_row("q0", {"ann": "A"}, system="A", chosen=["ann"]),
        question_row("q1", {"bob": "A"}, system="A", chosen=["bob"]),
    ]
    assert found(rows).best == (None,)


def test_a_router_that_tells_subjects_apart_has_not_collapsed() -> None:
    result = found(run("own", SPECIALISTS))
    assert (result.collapse, result.remark) == (None, None)
    assert result.best == POOL


def test_one_expert_for_everything_among_specialists_is_a_collapse() -> None:
    result = found(run("ann", SPECIALISTS))
    assert result.remark is None and result.collapse is not None
    assert result.collapse.startswith(
        "The router picks ann first for 100% of the questions, and choosing one"
    )
    assert "points (99% interval +" in result.collapse


def test_picks_at_random_among_specialists_are_a_collapse() -> None:
    collapse = found(run("any", SPECIALISTS)).collapse
    assert collapse is not None and "next to nothing to do with the subject" in collapse


@pytest.mark.parametrize("chances", [STAR, ALIKE])
def test_one_expert_for_everything_where_none_is_better_is_none(
    chances: dict[str, tuple[float, float, float]],
) -> None:
    result = found(run("ann", chances))
    assert result.collapse is None
    assert result.remark is not None and result.remark.endswith("no collapse.")
    assert "ann first for 100%" in result.remark


def test_picks_at_random_among_equals_are_none() -> None:
    assert found(run("any", ALIKE)).collapse is None


def test_picks_that_are_right_whatever_the_subject_are_none() -> None:
    """A router may read more of a question than its subject."""
    rows = run("any", ALIKE)
    for i, row in enumerate(rows):
        right = [e.expert for e in row.experts if e.outcome == "right"]
        if right:
            rows[i] = row.model_copy(update={"chosen": (right[i // 3 % len(right)],)})
    result = found(rows)
    assert result.collapse is None
    assert result.remark is not None and "no collapse" in result.remark


def test_few_questions_prove_no_collapse() -> None:
    assert found(run("ann", SPECIALISTS, n=9)).collapse is None


@pytest.mark.parametrize("case", ["one subject", "all are asked"])
def test_nothing_is_said_where_there_is_nothing_to_tell_apart(case: str) -> None:
    changes = {"subject": "sums"} if case == "one subject" else {"chosen": POOL}
    result = found([row.model_copy(update=changes) for row in run("ann", SPECIALISTS)])
    assert (result.collapse, result.remark) == (None, None)


def test_where_only_the_chosen_were_asked_the_loss_is_not_known() -> None:
    rows = [
        row.model_copy(update={"experts": tuple(e for e in row.experts if e.asked)})
        for row in run("ann", SPECIALISTS)
    ]
    rows[0] = rows[0].model_copy(update={"experts": run("bob", SPECIALISTS, n=1)[0].experts})
    result = found(rows)
    assert result.collapse is None
    assert result.remark is not None and "was not measured" in result.remark


def test_without_choices_there_are_no_picks() -> None:
    rows = [question_row("q", {"ann": "A"})]
    assert picks(run_arrays(rows, manifest_of(rows)), POOL) is None


def test_whom_nobody_knew_before_comes_last() -> None:
    rows = [question_row("q", {"ann": "A"}, system="A", chosen=["zoe", "ann"])]
    assert found(rows).experts == (*POOL, "zoe")
