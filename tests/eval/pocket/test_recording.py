"""Recorded answers are kept by the weights that gave them."""

import json
from pathlib import Path

import pytest

from eval.pocket import generation
from eval.pocket.loader import load
from eval.pocket.measuring import cell_of
from eval.pocket.recording import Recorded, texts_of


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []

    def generate(folder: Path, users: list[str], max_tokens: int) -> list[str]:
        calls.append(len(users))
        return [f"{folder.name} {i}" for i in range(len(users))]

    monkeypatch.setattr(generation, "generate", generate)
    return calls


def test_the_same_weights_are_asked_once_and_others_anew(tmp_path: Path, asked: list[int]) -> None:
    questions = load("fit", 5)
    folder, cache = tmp_path / "atlas", tmp_path / "cache"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"one")
    first = texts_of(folder, questions, cache)
    assert texts_of(folder, questions, cache) == first == tuple(f"atlas {i}" for i in range(5))
    assert asked == [5]
    (folder / "model.safetensors").write_bytes(b"two")
    texts_of(folder, questions, cache)
    assert asked == [5, 5]
    assert json.loads((cache / "atlas-fit-5.json").read_text())["texts"] == list(first)


def test_accuracy_is_counted_by_group_and_expert() -> None:
    questions = load("fit", 56)
    right = tuple(
        f"The answer is ({q.gold})." if q.query.choices else f"The answer is {q.gold}." for q in questions
    )
    recorded = Recorded(tuple(questions), {"atlas": right, "clerk": tuple("" for _ in questions)})
    accuracy = recorded.accuracy(cell_of)
    assert len(accuracy) == 28
    assert all(found == {"atlas": 1.0, "clerk": 0.0} for found in accuracy.values())
