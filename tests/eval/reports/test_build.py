"""A whole report: figures computed by hand, invariants on made-up rows, files."""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from checks.made_rows import manifest_of, question_row
from checks.run_commands import strict
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.reports.build import build_report, read_report, write_report
from eval.reports.schema import FORMAT, Report
from eval.runs.course import Course
from eval.runs.row import QuestionRow
from experts.errors import BenchmarkError

EXPERTS = ("ann", "bob")


def report_of(
    rows: Sequence[QuestionRow], experts: Sequence[str] = EXPERTS, best: str | None = "ann", **changes: Any
) -> Report:
    return build_report(
        rows, manifest_of(rows, experts, **changes), Course(), best_single=best, absent={"fixed_top_k": "no."}
    )


@pytest.fixture
def rows() -> list[QuestionRow]:
    """Of ann: right, wrong, wrong, failed; of bob: wrong, wrong, right, no answer."""
    letters = [("A", "B", "sums"), ("B", "B", "sums"), ("C", "A", "words"), ("!", "-", "words")]
    return [
        question_row(
            f"q{i}",
            {"ann": ann, "bob": bob},
            system="A" if "A" in (ann, bob) else "-",
            subject=subject,
            chosen=["ann"] if subject == "sums" else ["bob"],
            best_single="ann",
        )
        for i, (ann, bob, subject) in enumerate(letters)
    ]


def test_figures_computed_by_hand(rows: list[QuestionRow]) -> None:
    report = report_of(rows)
    accuracies = {row.name: row.accuracy.value for row in report.table}
    assert accuracies == {"system": 0.5, "best_single": 0.25, "random": 0.25, "oracle": 0.5}
    assert [row.name for row in report.table] == ["system", "best_single", "random", "oracle"]
    minus = {row.name: row.system_minus and row.system_minus.value for row in report.table}
    assert minus == {"system": None, "best_single": 0.25, "random": 0.25, "oracle": 0.0}
    assert {s.subject: (s.n, s.system and s.system.value) for s in report.subjects} == {
        "sums": (2, 0.5),
        "words": (2, 0.5),
    }
    ann, bob = report.experts
    assert (ann.name, ann.n, ann.errors, ann.unparsed, ann.tokens, ann.asked_share) == (
        *("ann", 4, 1, 0, 7.5),
        0.5,
    )
    assert (bob.unparsed, bob.errors, bob.tokens) == (1, 0, 10.0)
    assert report.tokens == {"prompt": 28, "completion": 40}
    assert report.absent == {"fixed_top_k": "no."}
    assert (report.n, report.best_single, report.format) == (4, "ann", FORMAT)


def test_of_experts_alone_there_is_no_system() -> None:
    rows = [question_row(f"q{i}", {"ann": "A", "bob": "B"}) for i in range(3)]
    report = report_of(rows, best=None, experts_only=True)
    assert {row.name: row.accuracy.value for row in report.table} == {"random": 0.5, "oracle": 1.0}
    assert {row.system_minus for row in report.table} == {None}
    assert (report.outcomes, report.picks, report.gap_closed, report.calibration) == (None, None, None, ())
    assert {expert.asked_share for expert in report.experts} == {None}
    assert {point.name for point in report.frontier} == {"ann", "bob", "random"}
    assert report.subjects[0].system is None


def test_where_everything_failed_the_report_still_stands(tmp_path: Path) -> None:
    rows = [question_row(f"q{i}", {"ann": "!", "bob": "!"}, system="!", chosen=EXPERTS) for i in range(3)]
    report = report_of(rows, best=None)
    assert {row.accuracy.value for row in report.table} == {0.0}
    assert report.outcomes is not None
    assert (report.outcomes.error, report.outcomes.coverage) == (3, 0.0)
    assert report.outcomes.accuracy_of_answered is None
    assert [(e.accuracy, e.errors) for e in report.experts] == [(None, 3), (None, 3)]
    write_report(report, tmp_path / "report.json")


def test_one_question_and_one_expert_are_enough() -> None:
    row = question_row("q", {"ann": "A"}, system="A", chosen=["ann"], best_single="ann")
    report = report_of([row], ["ann"])
    assert {r.accuracy.value for r in report.table} == {1.0}
    assert report.correlation is None and report.gap_closed is None
    assert report.picks is not None and report.picks.share == ((1.0,),)


def test_without_rows_there_is_no_report(rows: list[QuestionRow]) -> None:
    with pytest.raises(BenchmarkError, match="at least one question"):
        build_report([], manifest_of(rows), Course(), best_single=None, absent={})


def test_several_benchmarks_in_the_order_of_the_manifest(rows: list[QuestionRow]) -> None:
    more = [row.model_copy(update={"id": f"z{row.id}", "benchmark": "zoo"}) for row in rows]
    other = [row.model_copy(update={"id": f"a{row.id}", "benchmark": "aha"}) for row in rows[:1]]
    report = report_of([*more, *other])
    assert [(b.name, b.n, b.system and b.system.value) for b in report.benchmarks] == [
        ("zoo", 4, 0.5),
        ("aha", 1, 1.0),
    ]
    assert [(s.benchmark, s.subject) for s in report.subjects] == [
        ("zoo", "sums"),
        ("zoo", "words"),
        ("aha", "sums"),
    ]
    assert report.picks is not None
    assert report.picks.rows == ("zoo: sums", "zoo: words", "aha: sums")


@st.composite
def made_rows(draw: st.DrawFn) -> list[QuestionRow]:
    """Runs of up to three experts with every kind of outcome, some of them calibrated."""
    experts = ["ann", "bob", "cyd"][: draw(st.integers(1, 3))]
    rows = []
    for i in range(draw(st.integers(1, 12))):
        made = {name: draw(st.sampled_from("AABC-!")) for name in experts}
        system = draw(st.sampled_from([*made.values(), "?"]))
        rows.append(
            question_row(
                f"q{i}",
                made,
                system=system,
                subject=draw(st.sampled_from(["sums", "words"])),
                chosen=draw(st.lists(st.sampled_from(experts), min_size=1, unique=True)),
                best_single=experts[0],
                calibrated=draw(st.booleans()),
                estimates={name: draw(st.floats(0, 1)) for name in experts},
                support=draw(st.none() | st.floats(0, 1)),
                truncated=draw(st.integers(0, 2)),
            )
        )
    return rows


@settings(max_examples=25, deadline=None)
@given(made_rows(), st.randoms())
def test_invariants_of_any_run(rows: list[QuestionRow], shuffler: random.Random) -> None:
    pool = [e.expert for e in rows[0].experts]
    report = report_of(rows, pool)
    accuracy = {row.name: row.accuracy.value for row in report.table}
    assert all(accuracy["oracle"] >= value - 1e-12 for value in accuracy.values())
    for row in report.table:
        assert 0 <= row.accuracy.low <= row.accuracy.value <= row.accuracy.high <= 1
        assert row.system_minus is None or (
            row.system_minus.value == pytest.approx(accuracy["system"] - accuracy[row.name])
        )
    counts = report.outcomes
    assert counts is not None
    assert counts.right + counts.wrong + counts.unparsed + counts.abstained + counts.error == report.n
    assert sum(s.n for s in report.subjects) == sum(b.n for b in report.benchmarks) == report.n
    assert report.picks is not None
    assert all(math.isclose(sum(shares), 1) for shares in report.picks.share)
    assert any(point.on_token_frontier for point in report.frontier)
    for found in report.calibration:
        assert sum(b.n for b in found.bins) == found.n
        assert all(b.low <= b.predicted <= b.high for b in found.bins)
        assert 0 <= found.ece <= 1
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert report_of(rows, pool) == report, "equal rows, equal report"
    shuffled = [*rows]
    shuffler.shuffle(shuffled)
    assert report_of(shuffled, pool) == report, "the order of questions matters to no figure"


def test_what_is_written_is_strict_json_and_read_back(rows: list[QuestionRow], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report = report_of(rows)
    write_report(report, path)
    assert strict(path.read_text(encoding="utf-8")) == report.model_dump(mode="json")
    assert read_report(path) == report
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_a_figure_that_is_no_number_is_not_written(rows: list[QuestionRow], tmp_path: Path) -> None:
    report = report_of(rows).model_copy(update={"cost_usd": math.nan})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report(report, tmp_path / "report.json")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("text", ["", "{}", '{"benchmark": 1}', "\xff"])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BenchmarkError, match="is not the report of a run"):
        read_report(path)


def test_a_report_of_another_format_is_refused(rows: list[QuestionRow], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_report(report_of(rows).model_copy(update={"format": FORMAT + 1}), path)
    with pytest.raises(BenchmarkError, match=f"format {FORMAT + 1}, not {FORMAT}"):
        read_report(path)
