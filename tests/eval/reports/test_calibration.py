"""Calibration by hand: bins, expected error, Brier skill; what has no probability is left out."""

import pytest
from checks.made_rows import manifest_of, question_row

from eval.reports.calibration import calibrations
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import Calibration
from eval.runs.row import QuestionRow


def found(rows: list[QuestionRow]) -> dict[str, Calibration]:
    return {c.what: c for c in calibrations(run_arrays(rows, manifest_of(rows)))}


def supported(*pairs: tuple[float | None, str]) -> list[QuestionRow]:
    return [
        question_row(f"q{i}", {"ann": "A"}, system=system, chosen=["ann"], support=support)
        for i, (support, system) in enumerate(pairs)
    ]


def test_bins_error_and_skill() -> None:
    system = found(supported((0.95, "A"), (0.95, "A"), (0.95, "B"), (0.25, "B")))["system"]
    assert [(b.low, b.high, b.n) for b in system.bins] == [(0.2, 0.3, 1), (0.9, 1.0, 3)]
    assert [b.predicted for b in system.bins] == pytest.approx([0.25, 0.95])
    assert [b.right.value for b in system.bins] == pytest.approx([0.0, 2 / 3])
    assert system.ece == pytest.approx((0.25 + 3 * (0.95 - 2 / 3)) / 4)
    brier = (2 * 0.05**2 + 0.95**2 + 0.25**2) / 4
    assert system.brier_skill == pytest.approx(1 - brier / 0.25)


@pytest.mark.parametrize(("support", "low"), [(0.0, 0.0), (0.1, 0.1), (0.3, 0.3), (0.7, 0.7), (1.0, 0.9)])
def test_edges_belong_to_the_bin_above_but_for_1(support: float, low: float) -> None:
    [only] = found(supported((support, "A")))["system"].bins
    assert only.low == low


def test_the_base_rate_has_no_skill() -> None:
    assert found(supported((0.5, "A"), (0.5, "B")))["system"].brier_skill == pytest.approx(0.0)


def test_where_all_is_right_there_is_no_skill_to_measure() -> None:
    assert found(supported((0.5, "A"), (0.9, "A")))["system"].brier_skill is None


def test_no_support_no_answer_no_calibration() -> None:
    assert found(supported((None, "A"), (0.9, "!"), (0.2, "?"))) == {}
    assert found(supported((0.9, "-"), (0.9, "A")))["system"].n == 2, "an answer that cannot be read is wrong"


def test_a_support_that_only_a_few_answers_have_is_not_judged() -> None:
    assert found(supported((0.5, "A"), (None, "A"), (None, "B"))) == {}
    assert found(supported((0.5, "A"), (None, "A")))["system"].n == 1


def test_router_counts_all_pairs_that_were_run_and_only_probabilities() -> None:
    made = {"ann": "A", "bob": "!"}
    estimates = {"ann": 0.75, "bob": 0.25, "cyd": 0.5}
    rows = [
        question_row("q0", made, system="A", chosen=["ann"], estimates=estimates, calibrated=True),
        question_row("q1", made, system="A", chosen=["ann"], estimates={"ann": 7.0}, calibrated=False),
    ]
    router = found(rows)["router"]
    assert (router.n, [b.right.value for b in router.bins]) == (2, [0.0, 1.0])
    assert router.ece == pytest.approx(0.25)
    assert found(rows[1:]) == {}
