"""Replies of LLMs come in many forms; rankings are read from them in the order of the cards."""

from __future__ import annotations

import numpy as np
import pytest

from experts.query import Query
from routers.prompted.cards import prompt, read_reply

EXPERTS = ("qwen", "qwen-math", "yi")
ORDER = [2, 0, 1]
"""Card 1 is yi, card 2 qwen, card 3 qwen-math."""


@pytest.mark.parametrize(
    ("text", "ranked"),
    [
        ("Ranking: 3, 1, 2", (1, 2, 0)),
        ("ranking: [3] > [1]", (1, 2)),
        ("**Ranking:** 3, 3, 1, 9", (1, 2)),
        ("<think>Ranking: 2</think>\nRanking: 1", (2,)),
        ("Ranking: qwen-math, yi", (1, 2)),
        ("Ranking: qwen-math, qwen", (1, 0)),
        ("Ranking:\n2, 1", (0, 2)),
        ("The first one.", ()),
        ("", ()),
    ],
)
def test_rankings_are_read(text: str, ranked: tuple[int, ...]) -> None:
    assert read_reply(text, ORDER, EXPERTS).ranked == ranked


def test_the_reason_is_read_and_shortened() -> None:
    verdict = read_reply("Ranking: 1\nReason: " + "x" * 500, ORDER, EXPERTS)
    assert verdict.reason == "x" * 200


def test_braces_of_a_question_stay() -> None:
    text = prompt("{cards}|{question}", Query.from_text("{cards}?"), ORDER, EXPERTS, {}, np.full(3, 0.5))
    assert text.endswith("3. qwen-math: right on 50% of questions|{cards}?")
