import pytest

from eval.runs import progress
from eval.runs.progress import run_progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_half_minute_with_rate_time_left_and_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    show = progress._Lines(lambda: "vote so far 61.2% (58.0 to 64.3)", clock)
    for done in range(0, 1000, 10):
        show("experts answering", done, 1000)
        clock.now += 1.0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == (
        "experts answering: 300 of 1,000, 10.0/s, 1:10 left, vote so far 61.2% (58.0 to 64.3)"
    )


def test_a_stage_that_went_on_counts_its_rate_from_where_it_started(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    show = progress._Lines(str, clock)
    show("experts answering", 900, 10_000)
    clock.now += 60
    show("experts answering", 960, 10_000)
    assert capsys.readouterr().err == "experts answering: 960 of 10,000, 1.0/s, 2:30:40 left\n"


def test_short_stages_and_stalled_ones_say_little(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    show = progress._Lines(str, clock)
    for stage in ("routing", "experts answering", "judge answering"):
        show(stage, 0, 5)
        clock.now += 29
        show(stage, 5, 5)
    assert capsys.readouterr().err == ""
    clock.now += 100
    show("judge answering", 0, 5)
    assert capsys.readouterr().err == "judge answering: 0 of 5, 0.0/s\n"


def test_without_a_terminal_there_are_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with run_progress(str) as shown:
        shown("routing", 0, 2)
        shown("routing", 2, 2)
    assert capsys.readouterr().err == ""


def test_in_a_terminal_there_are(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    with run_progress(lambda: "vote so far 50.0%") as shown:
        for done in range(5):
            shown("experts answering", done, 8)
    shown_text = capsys.readouterr().err
    assert "experts answering" in shown_text and "4/8" in shown_text and "vote so far 50.0%" in shown_text
