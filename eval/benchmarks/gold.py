"""Gold answers in the forms that files write them in, as the letter or the text that scoring compares.

Knows no file: problems are told without their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eval.benchmarks.mapping import GoldForm
from experts.query import LETTERS

_INTEGER = re.compile(r"[+-]?\d+")
_INTEGERS = re.compile(r"([+-]?\d+(?: or [+-]?\d+)*)(?: \([^()]*\))?")
"""AIME has a problem with the answer "080 or 081 (both were accepted)"."""


class GoldProblem(ValueError):
    """A gold answer that is none; the message has no place and does not quote it."""


def index_form(golds: Iterable[tuple[str, int]]) -> GoldForm:
    """Whether indices count from 0 or from 1, by all rows: 0 and the number of options exclude each other.

    Args:
        golds: gold answer and number of options of each row.

    Raises:
        GoldProblem: both occur, or neither does.
    """
    zero = one = False
    for gold, n_options in golds:
        zero = zero or gold == "0"
        one = one or gold == str(n_options)
    if zero == one:
        raise GoldProblem(
            "indices are both 0 and the number of options"
            if zero
            else "indices are neither 0 nor the number of options, so nothing tells where they start; write "
            "gold: index0 or index1"
        )
    return "index0" if zero else "index1"


def gold_option(gold: str, form: GoldForm, options: Sequence[str]) -> int:
    """Index from 0 of the right option, among all that the file has.

    Raises:
        GoldProblem: it is none of them.
    """
    if len(options) > len(LETTERS):
        raise GoldProblem(f"there are {len(options)} options, and at most {len(LETTERS)} can be told apart")
    if form == "letter":
        found = LETTERS[: len(options)].find(gold.strip().upper()) if len(gold.strip()) == 1 else -1
        allowed = f"a letter from A to {LETTERS[len(options) - 1]}"
    elif form == "option":
        hits = [i for i, option in enumerate(options) if option.strip() == gold.strip()]
        found = hits[0] if len(hits) == 1 else -1
        allowed = "the text of exactly one option"
    else:
        first = 0 if form == "index0" else 1
        found = int(gold) - first if _INTEGER.fullmatch(gold.strip()) else -1
        allowed = f"an index from {first} to {len(options) - 1 + first}"
    if not 0 <= found < len(options):
        raise GoldProblem(f"gold must be {allowed}")
    return found


def gold_texts(gold: str, form: GoldForm, allowed: tuple[int, int] | None) -> tuple[str, ...]:
    """The answers to an open question that are right, the first of them its gold answer.

    Raises:
        GoldProblem: it is not of the form, or outside `allowed`.
    """
    if form == "plain":
        return (gold.strip(),)
    if form == "tail":
        _, mark, tail = gold.rpartition("####")
        if not mark or not tail.strip():
            raise GoldProblem("gold must end in `#### ` and the answer")
        return (tail.strip(),)
    match = _INTEGERS.fullmatch(gold.strip())
    if match is None:
        raise GoldProblem("gold must be an integer, or several with `or` in between")
    values = [int(value) for value in match[1].split(" or ")]
    if allowed is not None and not all(allowed[0] <= value <= allowed[1] for value in values):
        raise GoldProblem(f"gold must be an integer from {allowed[0]} to {allowed[1]}")
    return tuple(map(str, values))
