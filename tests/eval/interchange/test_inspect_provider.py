"""The system as a model of inspect_ai: its evaluation has the accuracy that ours has."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import mute, system_file

from compound.system import Compound
from eval.question import Question
from eval.scoring import score_verdict
from experts.query import Query

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(find_spec("inspect_ai") is None, reason="needs inspect_ai (extra interchange)"),
]
ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests" / "checks" / "inspect_child.py"
CAPITALS = (("France", "Paris"), ("Italy", "Rome"), ("Peru", "Lima"), ("Chad", "N'Djamena"))
N = 20


def made_questions() -> list[Question]:
    """20, of which the scripted experts know those about France and Italy."""
    return [
        Question(
            query=Query.from_text(f"Question {i}: what is the capital of {country}?", id=f"made:{i}"),
            gold=capital,
            subject="capitals",
        )
        for i in range(N)
        for country, capital in [CAPITALS[i % 4]]
    ]


def evaluated(folder: Path, config: str) -> Any:
    """What inspect's own evaluation makes of the questions."""
    questions = folder / "questions.json"
    rows = [(q.id, q.query.question, q.gold) for q in made_questions()]
    questions.write_text(json.dumps(rows), encoding="utf-8")
    command = [sys.executable, str(CHILD), config, str(questions), str(folder / "logs")]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_accuracy_is_ours_and_usage_is_summed(tmp_path: Path) -> None:
    config = str(system_file(tmp_path))
    found = evaluated(tmp_path, config)
    assert found["status"] == "success", found
    questions = made_questions()
    with Compound.from_config(config) as system:
        answers = system.answer([q.query for q in questions])
    right = {q.id: score_verdict(a.verdict, q) == "right" for a, q in zip(answers, questions, strict=True)}
    assert found["right"] == right
    assert found["accuracy"] == sum(right.values()) / N == 0.5
    assert found["output_tokens"] == sum(a.usage.completion_tokens for a in answers) > 0


def test_a_failure_that_nothing_helps_is_told_and_not_tried_again(tmp_path: Path) -> None:
    found = evaluated(tmp_path, str(system_file(tmp_path, {"dan": mute(tmp_path)})))
    assert found["status"] == "error"
    assert "dan" in found["error"]
