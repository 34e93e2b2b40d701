r"""Free-form answers as mathematics: which ones are, and what in them is expression and what unit.

Deliberately evaluates nothing: that may take for ever and is the business of `math_worker`. Strict,
because the parser of math-verify is not: it reads "5 km" and "5 m" as 5, "5 and 6" as 5, and "paris" as
the product a i p r s. So words make an answer no mathematics, except units behind a number and
names of functions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_LONGEST = 200
"""Characters; what is longer is prose, or takes long."""
_SYMBOLS = str.maketrans(
    {
        "\u2212": "-",
        "\u2044": "/",
        "\u00b2": "^2",
        "\u00b3": "^3",
        "\u00d7": "\\times ",
        "\u00f7": "/",
        "\u00b7": "\\cdot ",
        "\u03c0": "\\pi ",
        "\u221e": "\\infty ",
        "\u2264": "\\le ",
        "\u2265": "\\ge ",
        "\u222a": "\\cup ",
        "\u00b0": "^\\circ ",
    }
)
_DRESS = re.compile(r"\\[()\[\],;:! ]|[$`]|\\(?:quad|displaystyle|left|right)(?![A-Za-z])")
_BOLD = re.compile(r"\s*\*\*(.+?)\*\*[.\s]*")
_WORDS = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox)\s?\{([^{}]*)\}")
_PERCENT = re.compile(r"(?<=\d)\s*(?:\\%|%|percent\b)")
_MIXED = re.compile(r"(?<![\d./])(\d+) (\d+)/(\d+)(?![\d./])")
_UNIT = re.compile(
    r"(?<=[\d})])\s*((?:(?<=\s)[mgslhdVAWNJCFL]|[A-Za-z]{2,20})(?:\^?\d)?"
    r"(?:[ /][A-Za-z]{1,20}(?:\^?\d)?){0,2})$"
)
_NO_UNIT = re.compile(
    r"(?i)\b(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|log|ln|exp|sqrt|pi|infty|oo|cup|cap|in"
    r"|and|or|to|not|than|less|more|of|plus|minus|times|over|is|mod|choose"
    r"|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|bn|mn|half|halves|thirds?|quarters?)\b"
)
_FUNCTION = re.compile(
    r"\\(?:begin|end)\{[a-z]+\}|\\[A-Za-z]+"
    r"|(?<![A-Za-z])(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|log|ln|exp|sqrt|pi)(?![A-Za-z])"
)
_FOREIGN = re.compile(r"[^0-9A-Za-z\s\\{}()\[\].,:;+\-*/^_=<>|!%'&]|\d\s+\d|[A-Za-z]{2}")
_BARE_ROOT = re.compile(r"\\sqrt\s*([0-9A-Za-z])")
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+))(?P<percent>\\%)?"
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An answer that is mathematics."""

    latex: str
    unit: str
    """In lower case and without a plural s, such as "km" and "dollar"; "" where none is given."""


def read_expression(answer: str) -> Expression | None:
    """The answer as mathematics; None: it is none, so only its canonical string can be compared."""
    if len(answer) > _LONGEST:
        return None
    bold = _BOLD.fullmatch(answer)
    text = (bold[1] if bold else answer).translate(_SYMBOLS).replace("{,}", "")
    text = _PERCENT.sub(r"\\%", _WORDS.sub(r" \1 ", _DRESS.sub(" ", text))).replace("**", "^")
    text = _MIXED.sub(r"\1\\frac{\2}{\3}", " ".join(text.split()).rstrip(". "))
    text, unit = _without_unit(_BARE_ROOT.sub(r"\\sqrt{\1}", text))
    if not text or _FOREIGN.search(_FUNCTION.sub(" ", text)):
        return None
    return Expression(text, unit)


def equal_without_evaluation(a: Expression, b: Expression) -> bool | None:
    """Whether two expressions are equal, where that can be told cheaply; None: they must be evaluated.

    Two units must be the same. One that is left out is taken to be the other's, because both answer
    one question; for the same reason 50% is 0.5 and 50, but 50% is not 5000%.
    """
    if a.unit and b.unit and a.unit != b.unit:
        return False
    if a.latex == b.latex:
        return True
    left, right = _NUMBER.fullmatch(a.latex), _NUMBER.fullmatch(b.latex)
    if left is None or right is None:
        return None
    x, y = _value(left), _value(right)
    if (left["percent"] is None) == (right["percent"] is None):
        return x == y
    part, whole = (x, y) if left["percent"] is not None else (y, x)
    return whole in (part, part / 100)


def _value(number: re.Match[str]) -> Decimal:
    return Decimal(number["number"].replace(",", ""))


def _without_unit(text: str) -> tuple[str, str]:
    found = _UNIT.search(text)
    if found is None or _NO_UNIT.search(found[1]):
        return text, ""
    words = (word[:-1] if len(word) > 3 and word.endswith("s") else word for word in found[1].lower().split())
    return text[: found.start()].strip(), " ".join(words)
