"""Questions from rows: options without fillers, gold as letter or text, unique ids. Reads no file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches

from eval.benchmarks.gold import GoldProblem, gold_option, gold_texts, index_form
from eval.benchmarks.mapping import GoldForm, MappingConfig
from eval.benchmarks.rows import Row
from eval.question import OfficialExtraction, Question
from experts.errors import BenchmarkError, QueryError
from experts.query import LETTERS, Message, Query

_ID_DIGITS = 12


def make_questions(
    config: MappingConfig, rows: Sequence[Row], official: OfficialExtraction | None
) -> list[Question]:
    """A question for every row, in order.

    Args:
        config: what the rows mean.
        rows: all rows of the files, since indices are read by all of them.
        official: the benchmark's own extraction.

    Raises:
        BenchmarkError: a row is no question, or two have one id; names file and row.
    """
    form = _form(config, rows)
    seen: dict[str, Row] = {}
    return [_question(config, row, form, _id(config, row, seen), official) for row in rows]


def _form(config: MappingConfig, rows: Sequence[Row]) -> GoldForm:
    if config.gold != "index" or not rows:
        return config.gold
    try:
        return index_form((row.gold, len(row.options)) for row in rows)
    except GoldProblem as error:
        raise BenchmarkError(f"{rows[0].path}: {error}.") from error


def _id(config: MappingConfig, row: Row, seen: dict[str, Row]) -> str:
    """Its own id, else a hash of question and options; remembered in `seen`.

    A repeated question without an id gets -2, -3, ...; a repeated id is an error.
    """
    own = row.id.strip()
    if not own:
        content = "\0".join([row.question, *row.options])
        own = hashlib.sha256(content.encode()).hexdigest()[:_ID_DIGITS]
        plain, number = own, 1
        while own in seen:
            number += 1
            own = f"{plain}-{number}"
    elif own in seen:
        first = seen[own]
        raise row.problem(f"the id {own!r} stands in row {first.number} of {first.path.name} already")
    seen[own] = row
    return f"{config.name}:{own}"


def _question(
    config: MappingConfig, row: Row, form: GoldForm, id: str, official: OfficialExtraction | None
) -> Question:
    kept = [
        i for i, option in enumerate(row.options) if option.strip() and option.strip() not in config.no_option
    ]
    gold, *accepted = _golds(config, row, form, kept)
    try:
        query = Query(
            id=id,
            messages=(Message("user", row.question),),
            choices=tuple(row.options[i].strip() for i in kept),
            instruction=config.instruction,
        )
    except QueryError as error:
        raise row.problem(str(error).rstrip(".")) from error
    return Question(
        query=query,
        gold=gold,
        accepted=tuple(accepted),
        subject=_subject(config, row),
        split=row.split,
        benchmark=config.name,
        private=config.private,
        official=official,
        same_value=config.same_value,
    )


def _golds(config: MappingConfig, row: Row, form: GoldForm, kept: Sequence[int]) -> tuple[str, ...]:
    """The gold answer, and others that are right too."""
    # Answers of a private benchmark must not appear anywhere, messages included.
    given = "" if config.private else f", got {row.gold!r}"
    if not row.gold.strip():
        raise row.problem("the gold answer is empty")
    try:
        if not (config.columns.choices or config.columns.choice_columns):
            return gold_texts(row.gold, form, config.gold_range)
        if not row.options:
            raise GoldProblem("there are no options")
        index = gold_option(row.gold, form, row.options)
    except GoldProblem as error:
        raise row.problem(f"{error}{given}") from error
    if index not in kept:
        raise row.problem(f"the gold answer is an option that only fills up{given}")
    return (LETTERS[kept.index(index)],)


def _subject(config: MappingConfig, row: Row) -> str:
    subject = row.subject.strip() or config.name
    if config.subjects and subject not in config.subjects:
        close = get_close_matches(subject, config.subjects, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise row.problem(f"unknown subject {subject!r}{meant}; {', '.join(config.subjects)} are known")
    return subject
