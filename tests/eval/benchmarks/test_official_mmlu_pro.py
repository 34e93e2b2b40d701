"""The authors' extraction of MMLU-Pro: three patterns, the first that finds anything decides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.benchmarks.names import open_benchmark
from eval.benchmarks.official_mmlu_pro import harness_mmlu_pro, official_letter, official_mmlu_pro
from experts.query import Query


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("So the answer is (C).", "C"),
        ("the answer is C", "C"),
        ("The answer is (A). No, the answer is (B).", "A"),
        ("The answer is: (C)", "C"),  # by the last pattern
        ("Answer: D", "D"),
        ("answer:\n\nE and Answer: F", "E"),
        ("Answer: A, answer: B\nAnswer: C", "B"),
        ("Between A and B I take B", "B"),
        ("The answer is (K).", None),
        ("ABC", None),
        ("", None),
    ],
)
def test_patterns_in_their_order(text: str, letter: str | None) -> None:
    assert official_letter(text) == letter
    assert official_mmlu_pro(text, Query.from_text("?", id="q", choices=("x", "y"))) == letter


def test_fewer_levels_find_less() -> None:
    text = "Answer: D, or B"
    assert [official_letter(text, levels) for levels in (1, 2, 3)] == [None, "D", "D"]
    assert [official_letter("only B", levels) for levels in (1, 2, 3)] == [None, None, "B"]


@given(st.text(alphabet="ABJK answeris:(). \n", max_size=60))
def test_equals_the_authors_own_patterns(text: str) -> None:
    """As they stand in evaluate_from_local.py, quadratic time and all."""
    found = re.search(r"answer is \(?([A-J])\)?", text)
    if found is None:
        found = re.search(r".*[aA]nswer:\s*([A-J])", text)
    if found is not None:
        assert official_letter(text) == found.group(1)
        return
    last = re.search(r"\b[A-J]\b(?!.*\b[A-J]\b)", text, re.DOTALL)
    assert official_letter(text) == (last.group(0) if last else None)


def test_the_harness_uses_the_first_pattern_alone() -> None:
    query = Query.from_text("?", id="q", choices=("x", "y"))
    assert harness_mmlu_pro("The answer is (A). The answer is (B).", query) == "A"
    assert harness_mmlu_pro("Answer: D", query) is None


def test_long_lines_take_no_quadratic_time() -> None:
    assert official_letter("A" * 200_000 + " answer: ") is None


def test_mmlu_pro_is_scored_by_it_too() -> None:
    assert open_benchmark("mmlu_pro").extraction == "mmlu_pro"
