"""Causes of differences from recorded letters."""

import pytest

from eval.interchange import difference_causes as causes
from eval.interchange.difference_causes import Reorderings, cause, last_statement


@pytest.mark.parametrize(
    ("text", "found", "recorded", "expected"),
    [
        ("The answer is (A). The answer is (B).", "A", "B", causes.LAST),
        ("The answer is (A), the answer is (B), the answer is (C).", "A", "B", causes.OTHER_STATEMENT),
        ("The correct answer is:\n\nE. Gas A", "A", "E", causes.LOOSE),
        ("nothing at all", None, "F", causes.GUESS),
        ("The answer is (C).", "C", "", causes.EMPTY),
        ("B, so the answer is (C).", "C", "B", causes.LETTER),
        ("The answer is (C).", "C", "H", causes.OTHER),
    ],
)
def test_each_cause(text: str, found: str | None, recorded: str, expected: str) -> None:
    assert cause(text, found, recorded, reordered=False, translated=found) == expected
    assert expected in causes.CAUSES


def test_reordered_options_are_known_by_other_models() -> None:
    known = Reorderings(
        [("ann", 1, "A", "D"), ("bob", 1, "A", "D"), ("cyd", 1, "A", "B"), ("ann", 1, "B", "C")]
    )
    assert known.new_letter("cyd", 1, "A") == "D"
    assert known.new_letter("ann", 1, "B") is None  # only its own record says so
    assert known.new_letter("ann", 2, "A") is None
    text = "The answer is (A)."
    assert cause(text, "A", "D", reordered=True, translated="D") == causes.REORDERED
    assert cause(text, "A", "C", reordered=True, translated="D") == causes.REORDERED_ODD


def test_last_statement() -> None:
    assert last_statement("The answer is (A). The answer is B") == "B"
    assert last_statement("A") is None
