"""What may be handed in as a question, and in which words the rest is refused."""

from typing import Any

import pytest

from compound.questions import is_batch, to_queries
from experts.errors import QueryError
from experts.query import Message, Query

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Why?"},
]


@pytest.mark.parametrize(
    ("given", "batch"),
    [
        ("Why?", False),
        (Query.from_text("Why?"), False),
        (CHAT, False),
        (tuple(CHAT), False),
        ([Message("user", "Why?")], False),
        (["Why?"], True),
        (("Why?", "How?"), True),
        ([CHAT], True),
        ([Query.from_text("Why?")], True),
        ([], True),
    ],
)
def test_a_list_is_a_batch_unless_it_is_one_conversation(given: Any, batch: bool) -> None:
    assert is_batch(given) is batch


def test_all_kinds_of_questions_become_queries_in_order() -> None:
    own = Query.from_text("Mine?", id="own", choices=["x", "y"])
    given: list[Any] = ["Why?", CHAT, own, [Message("user", "Last?")]]
    queries = to_queries(given)
    assert [q.id for q in queries] == ["q1", "q2", "own", "q4"]
    assert [q.question for q in queries] == ["Why?", "Why?", "Mine?", "Last?"]
    assert queries[2] is own
    assert [m.role for m in queries[1].messages] == ["system", "user", "assistant", "user"]


def test_choices_go_with_one_question() -> None:
    assert to_queries("Which?", ["x", "y"])[0].choices == ("x", "y")
    assert to_queries(CHAT, ("x", "y"))[0].choices == ("x", "y")
    assert to_queries(["Which?"], [])[0].choices == ()


@pytest.mark.parametrize(
    ("given", "choices", "sentence"),
    [
        ([], None, "the list is empty"),
        ("", None, "the question is empty"),
        (" \n\t", None, "the question is empty"),
        (["fine", ""], None, "'q2': the question is empty"),
        (7, None, "got int"),
        (None, None, "got NoneType"),
        (b"Why?", None, "got bytes"),
        ({"role": "user", "content": "Why?"}, None, "got dict"),
        ([7], None, "got 7"),
        (["Why?", None], None, "got None"),
        ([[]], None, r"got \[\]"),
        ([CHAT[1], "Why?"], None, "a list of messages"),
        ([{"role": "user"}], None, "'role' and 'content'"),
        ([{"role": "user", "content": ["Why?"]}], None, "must be text, got list"),
        ([{"role": "robot", "content": "Why?"}], None, "'robot'"),
        (CHAT[:3], None, "the last message must be the user's"),
        ("Which?", ["x"], "one choice"),
        ("Which?", ["x", " "], "choice B"),
        ("Which?", [1, 2], "choice A"),
        ("Which?", [str(i) for i in range(27)], "27 choices"),
        ("Which?", "Paris", "must be a list of texts, got the text 'Paris'"),
        (["Which?", "Who?"], ["x", "y"], "goes with one question"),
        (Query.from_text("Which?"), ["x", "y"], "carries its own choices"),
        ([Query.from_text("a"), Query.from_text("b")], None, "'q1' occurs more than once"),
        (["a", Query.from_text("b", id="q1")], None, "'q1' occurs more than once"),
        ("half \ud83d", None, "half a surrogate pair"),
        ("Which?", ["x", "\udc00"], "half a surrogate pair"),
        ([Query.from_text("a", id="\ud800")], None, "half a surrogate pair"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(given: Any, choices: Any, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence) as caught:
        to_queries(given, choices)
    assert "\n" not in str(caught.value)
    str(caught.value).encode("utf-8")


def test_26_choices_and_any_script_can_be_asked() -> None:
    letters = [chr(0x4E00 + i) for i in range(26)]
    (query,) = to_queries("Which \U0001f600\u2028 one?", letters)
    assert query.letters == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
