"""`compound demo`."""

from pathlib import Path

import pytest
from checks.run_commands import last_right, run

from eval import demo_command


def test_demo_shows_questions_with_their_answers_then_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_command, "EVALUATED", 4)
    monkeypatch.setattr(demo_command, "VALIDATION", 5)
    monkeypatch.setenv("COLUMNS", "140")
    result = run("demo", "-c", last_right(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.stdout.count("right answer:") == demo_command.QUESTIONS
    assert "oracle" in result.stdout
