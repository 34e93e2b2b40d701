"""Which answers are mathematics, and what is unit."""

import pytest

from aggregators.equivalence.expressions import Expression, equal_without_evaluation, read_expression


@pytest.mark.parametrize(
    ("answer", "latex", "unit"),
    [
        ("$1,200.50$", "1,200.50", ""),
        (r"\(\frac{1}{2}\)", r"\frac{1}{2}", ""),
        ("**42**", "42", ""),
        ("2**10", "2^10", ""),
        ("50 percent", r"50\%", ""),
        ("50%", r"50\%", ""),
        ("1 1/2", r"1\frac{1}{2}", ""),
        ("\u22123", "-3", ""),
        ("x\u00b2", "x^2", ""),
        ("5 km", "5", "km"),
        (r"5\text{ cm}", "5", "cm"),
        ("18 Dollars per day", "18", "dollar per day"),
        ("9.8 m/s^2", "9.8", "m/s^2"),
        ("3 x", "3 x", ""),
        ("2 pi", "2 pi", ""),
        (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}", ""),
    ],
)
def test_expression_and_unit(answer: str, latex: str, unit: str) -> None:
    assert read_expression(answer) == Expression(latex, unit)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "paris",
        "5 and 6",
        "5 million",
        "5 less than x",
        "2 hours 30 minutes",
        "1 2 3",
        "7 \u03b1",
        "9" * 201,
    ],
)
def test_words_and_lists_of_numbers_are_no_expression(answer: str) -> None:
    assert read_expression(answer) is None


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("5 km", "5 m", False),
        ("5 km", "5", True),
        ("5 km", "6", False),
        ("7", "8", False),
        ("1,000", "1000.0", True),
        ("1,2", "12", None),  # no thousands
        ("50%", "50", True),
        ("0.5", "50 percent", True),
        ("50%", "5000%", False),
        ("50%", "5", False),
        ("1/2", "0.5", None),
        ("1/2 km", "0.5 m", False),
    ],
)
def test_what_need_not_be_evaluated(a: str, b: str, expected: bool | None) -> None:
    left, right = read_expression(a), read_expression(b)
    assert left is not None and right is not None
    assert equal_without_evaluation(left, right) is expected
