"""The only place where a gold answer meets an answer.

Four outcomes are scored: right (1), wrong (0), unparsed and abstained (0, each counted on its own). An
error is not an answer: it has no score (NaN) and is counted. Answers are redone from the text, by the same
extractor that votes use. A cut-off text is scored by what it says. Knows no benchmark, no expert
and no statistics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from eval.question import Question
from eval.same_value import same_value
from experts.completion import Completion
from experts.errors import BenchmarkError
from experts.extraction import canonical, extract_answer, same_answer
from experts.query import Query
from experts.verdict import Verdict

Outcome = Literal["right", "wrong", "unparsed", "abstained", "error"]
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "unparsed", "abstained", "error")
SCORES: Mapping[Outcome, float] = MappingProxyType(
    {"right": 1.0, "wrong": 0.0, "unparsed": 0.0, "abstained": 0.0, "error": math.nan}
)
"""Score of each outcome; NaN = not scored."""

_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?"
_PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_AMOUNT = re.compile(
    rf"(?:[a-z] ?= ?)?[\u20ac\u00a3\u00a5]? ?(?P<number>{_NUMBER})"
    r"(?: ?[%\u00b0\u20ac\u00a3\u00a5]| [a-z][^\d]*)?"
)


def score_answer(answer: str | None, question: Question) -> Outcome:
    """Compare an extracted answer with the gold answer.

    Letters are compared as letters and open answers in canonical form (`experts.extraction`). Where
    the open gold answer is a bare number, words behind the answer's number are passed over ("25
    students" is 25), since there is no unit to compare them with; "5 to 7", "2x" and "x^2" are none.
    Where `question.same_value`, answers of the same value are right too (`eval.same_value`).

    Raises:
        BenchmarkError: the gold answer is empty or not a letter of the options.
    """
    query = question.query
    gold = canonical(question.gold, query)
    if not gold or (query.choices and gold not in tuple(query.letters)):
        allowed = f"one of {query.letters}" if query.choices else "non-empty text"
        raise BenchmarkError(f"Question {question.id!r}: gold must be {allowed}, got {question.gold!r}.")
    if answer is None:
        return "unparsed"
    golds = (question.gold, *question.accepted)
    if any(_same(answer, right, query) for right in golds):
        return "right"
    # By value last: it may start a process.
    if question.same_value and any(same_value(answer, right) for right in golds):
        return "right"
    return "wrong"


def score_completion(completion: Completion, question: Question) -> Outcome:
    """Outcome of an expert's completion; its `answer` is not trusted but extracted again.

    Raises:
        BenchmarkError: as `score_answer`, or the completion answers another question.
    """
    _check_same(completion.query_id, question)
    if not completion.ok:
        return "error"
    return score_answer(extract_answer(completion.text, question.query), question)


def score_verdict(verdict: Verdict, question: Question) -> Outcome:
    """Outcome of a verdict, by its `answer`; one that withholds it has abstained.

    Raises:
        BenchmarkError: as `score_answer`, or the verdict answers another question.
    """
    _check_same(verdict.query_id, question)
    if verdict.error is not None:
        return "error"
    return "abstained" if verdict.abstained is not None else score_answer(verdict.answer, question)


def _same(answer: str, gold: str, query: Query) -> bool:
    if same_answer(answer, gold, query):
        return True
    plain = canonical(gold, query)
    if query.choices or not _PLAIN_NUMBER.fullmatch(plain):
        return False
    amount = _AMOUNT.fullmatch(canonical(answer, query))
    return amount is not None and bool(amount["number"]) and same_answer(amount["number"], plain, query)


def _check_same(query_id: str, question: Question) -> None:
    if query_id != question.id:
        raise BenchmarkError(f"An answer to {query_id!r} was to be scored by the gold of {question.id!r}.")
