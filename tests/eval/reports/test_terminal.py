"""The report in a terminal: every row and sentence is there, and 80 columns are enough."""

import io
from typing import Any

import pytest
from checks.made_rows import expert_row, manifest_of, question_row
from rich.console import Console

from eval.reports.build import build_report
from eval.reports.schema import Report
from eval.reports.standings import LABELS
from eval.reports.terminal import report_tables
from eval.runs.course import Course
from eval.runs.row import QuestionRow

NAMES = ("qwen-2.5-math-7b-instruct", "llama-3.1-70b-instruct")


def shown(report: Report, width: int = 80) -> str:
    screen = Console(file=io.StringIO(), width=width, highlight=False)
    for part in report_tables(report):
        screen.print(part)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def full_rows(n: int = 40) -> list[QuestionRow]:
    """Every row of the table, prices, official extraction, two subjects, one failure."""
    rows = []
    for i in range(n):
        made = {NAMES[0]: "A" if i % 4 else "B", NAMES[1]: "A" if i % 5 else "-"}
        row = question_row(
            f"q{i}",
            made,
            system="A" if i else "!",
            subject=("economics", "law")[i % 2],
            chosen=[NAMES[i % 2]],
            best_single=NAMES[1],
            estimates={NAMES[0]: 0.7, NAMES[1]: 0.8},
            calibrated=True,
            support=0.8,
            cost_usd=0.002,
        )
        experts = tuple(
            expert_row(name, letter, official="right", asked=i % 2 == j, cost_usd=0.001)
            for j, (name, letter) in enumerate(made.items())
        )
        scores = {**dict.fromkeys(LABELS, 0.5), **row.scores}
        rows.append(row.model_copy(update={"scores": scores, "experts": experts}))
    return rows


def report_of(rows: list[QuestionRow], **changes: Any) -> Report:
    course = Course(
        seconds={"route": 0.2, "generate": 12.0, "total": 13.0},
        simulated=True,
        simulated_seconds={"system": 912.0},
        switches={"new_engine": 2, "wake": 5},
        planned=(
            {"what": "seconds", "planned": 900.0, "actual": 912.0, "ratio": 1.01},
            {"what": "completion tokens", "planned": 4000, "actual": 4100, "ratio": 1.02},
        ),
        faults=({"kind": "engine lost", "detail": "started again."},),
        continued=1,
        from_store=1200,
    )
    return build_report(
        rows,
        manifest_of(rows, NAMES, **changes),
        course,
        best_single=NAMES[1],
        absent={"aggregator_alone": "left out by --baselines", "fixed_top_k": "left out by --baselines"},
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(full_rows(), played_back=NAMES, estimated_tokens=NAMES)


@pytest.mark.parametrize("width", [80, 140])
def test_no_line_is_wider_than_the_screen_and_no_figure_is_cut(report: Report, width: int) -> None:
    text = shown(report, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for row in report.table:
        assert f"{100 * row.accuracy.value:.1f}  {100 * row.accuracy.low:.1f}-" in text
        minus = row.system_minus
        assert minus is None or f"{100 * minus.value:+.1f} ({100 * minus.low:+.1f} to" in text


def test_on_a_wide_screen_every_row_stands_on_one_line(report: Report) -> None:
    lines = shown(report, 140).splitlines()
    for row in report.table:
        label = LABELS[row.name]
        assert any(line.strip().startswith(label) for line in lines), label


def test_what_was_played_back_is_said_first(report: Report) -> None:
    text = " ".join(shown(report, 140).split())
    assert text.startswith("PLAYED BACK, no model ran: outputs of all experts were recorded earlier.")
    assert "Tokens are characters / 4 for them." in text
    assert f"{NAMES[0]}*" in text and "*: played back, no model ran" in text


def test_who_was_played_back_is_named_where_others_ran() -> None:
    text = " ".join(shown(report_of(full_rows(4), played_back=NAMES[:1]), 140).split())
    assert text.startswith(f"PLAYED BACK, no model ran: outputs of {NAMES[0]} were recorded earlier. made 7")


def test_how_the_run_went_is_told_in_sentences(report: Report) -> None:
    text = shown(report, 140)
    for sentence in (
        "seconds: route 0.2, generate 12.0, total 13.0",
        "simulated seconds, of no real machine: system 912.0",
        "experts made resident (simulated): new engine 2, wake 5",
        "planned for a cold start, seconds: 900.0; actual 912.0",
        "planned 4,000 tokens out; actual 4,100",
        "engine lost: started again.",
        "continued after 1 interruption\n",
        "1,200 completions were there from before",
        "Calibration of support of answers",
        "Calibration of the router's estimates",
    ):
        assert sentence in text


def test_a_collapse_is_a_warning_and_a_remark_is_none(report: Report) -> None:
    assert report.picks is not None
    warned = report.picks.model_copy(update={"collapse": "All the same.", "remark": None})
    assert "WARNING: All the same." in shown(report.model_copy(update={"picks": warned}))
    said = report.picks.model_copy(update={"collapse": None, "remark": "Fine as it is."})
    text = shown(report.model_copy(update={"picks": said}))
    assert "Fine as it is." in text and "WARNING" not in text


def test_absent_rows_are_told_once_a_reason() -> None:
    rows = [r.model_copy(update={"scores": {"system": 1.0}}) for r in full_rows(3)]
    assert "No row for vote of the k best, aggregator model alone: left out by --baselines." in " ".join(
        shown(report_of(rows)).split()
    )


def test_outcomes_stand_beside_accuracy_with_and_without_them(report: Report) -> None:
    lines = {" ".join(line.split()) for line in shown(report).splitlines()}
    assert "failed (error) 1 2.5" in lines
    assert any(line.startswith("accuracy of all 97.5 (") for line in lines)
    assert any(line.startswith("accuracy of the answered (right or wrong) 100.0 (") for line in lines)


def test_experts_alone_have_no_system_in_their_tables() -> None:
    rows = [question_row("q", {"ann": "A", "bob": "B"}) for _ in range(2)]
    found = build_report(rows, manifest_of(rows, experts_only=True), Course(), best_single=None, absent={})
    text = shown(found)
    assert "system" not in text and "asked" not in text
    assert "oracle: any expert right" in text and "ann" in text


def test_benchmarks_have_a_table_where_there_are_several(report: Report) -> None:
    rows = full_rows(4)
    two = [*rows, *(r.model_copy(update={"benchmark": "other", "id": f"o{r.id}"}) for r in rows)]
    text = shown(report_of(two))
    assert "By benchmark" in text and "other: law" in text
    assert "By benchmark" not in shown(report)


def test_names_are_text_and_no_markup() -> None:
    hostile = "[bold red]x[/nothing]"
    rows = [question_row("q", {hostile: "A"}, system="A", subject=hostile, chosen=[hostile])]
    found = build_report(rows, manifest_of(rows), Course(), best_single=None, absent={hostile: hostile})
    assert shown(found, 140).count(hostile) >= 4
