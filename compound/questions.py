"""What a user may hand in as a question, turned into queries. Knows nothing of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from experts.errors import QueryError
from experts.query import Message, Query

Conversation = Sequence[Message | Mapping[str, str]]
Question = str | Conversation | Query
"""A question in words, a conversation in the OpenAI layout, or a ready query."""

_NO_QUESTION = "A question must be text, a list of messages, a Query, or a list of these; got {}."


def is_batch(given: Question | Sequence[Question]) -> bool:
    """Whether several questions were handed in: a list that is not one conversation."""
    if isinstance(given, str | Query):
        return False
    value: object = given  # callers without a type checker hand in anything
    if not isinstance(value, Sequence) or isinstance(value, bytes | bytearray):
        raise QueryError(_NO_QUESTION.format(type(given).__name__))
    return not (given and all(_is_message(item) for item in given))


def to_queries(given: Question | Sequence[Question], choices: Sequence[str] | None = None) -> list[Query]:
    """Queries with ids `q1`, `q2`, ... (ready queries keep theirs).

    Args:
        given: one question or a list of them.
        choices: options, only with a single question.

    Raises:
        QueryError: an empty list or question, bad choices, ids that repeat, broken characters.
    """
    batch = is_batch(given)
    if batch and choices:
        raise QueryError(
            "`choices` goes with one question; in a list give each its own: "
            "Query.from_text(..., choices=...)."
        )
    if isinstance(choices, str):
        raise QueryError(f"`choices` must be a list of texts, got the text {choices!r}.")
    items: Sequence[Question] = given if batch else [given]  # type: ignore[assignment,list-item]
    if not items:
        raise QueryError("There is no question: the list is empty.")
    queries = [_to_query(item, f"q{i}", choices or ()) for i, item in enumerate(items, 1)]
    ids = [q.id for q in queries]
    if len(set(ids)) != len(ids):
        repeated = next(i for i in ids if ids.count(i) > 1)
        raise QueryError(
            f"Query ids must be unique within a call; {repeated!r} occurs more than once. "
            "Give each Query an `id` of its own."
        )
    for query in queries:
        check_text(query)
    return queries


def _to_query(item: Question, query_id: str, choices: Sequence[str]) -> Query:
    if isinstance(item, Query):
        if choices:
            raise QueryError("A ready Query carries its own choices; leave `choices` out.")
        return item
    if isinstance(item, str):
        return Query.from_text(item, id=query_id, choices=choices)
    if isinstance(item, Sequence) and item and all(_is_message(m) for m in item):
        return Query.from_messages(cast(Conversation, item), id=query_id, choices=choices)
    raise QueryError(_NO_QUESTION.format(repr(item)))


def check_text(query: Query) -> None:
    """Refuse halves of surrogate pairs: no encoder takes them, so every expert would fail.

    Raises:
        QueryError: some text of the query holds one.
    """
    for text in (query.id, *(m.content for m in query.messages), *query.choices):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise QueryError(
                f"Query {query.id!r}: character {error.start + 1} of {text[:60]!r} is half a surrogate pair "
                "and no text; give valid Unicode."
            ) from error


def _is_message(item: object) -> bool:
    return isinstance(item, Message | Mapping)
