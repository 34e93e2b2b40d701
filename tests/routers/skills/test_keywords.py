"""Keywords out of replies as models really write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routers.skills.keywords import normalise, parse_keywords, pooled_keywords


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Keywords: capital, Europe", ("capital", "europe")),
        ("keywords: Capital, Europe.", ("capital", "europe")),
        ("**Keywords:** capital, europe", ("capital", "europe")),
        ("**Keywords**: capital, europe", ("capital", "europe")),
        ("Key words: capital; europe", ("capital", "europe")),
        ("Keywords: [capital], <europe>", ("capital", "europe")),
        ('Keywords: "capital", `europe`', ("capital", "europe")),
        ("Keywords:\n- capital\n- europe\n\nHope this helps, friend.", ("capital", "europe")),
        ("Keywords:\n1. capital\n2) europe", ("capital", "europe")),
        ("Keywords: capital, europe\nThe answer is Paris, of course.", ("capital", "europe")),
        ("Sure!\nKeywords: capital, europe", ("capital", "europe")),
        ("<think>Keywords: wrong</think>\nKeywords: capital", ("capital",)),
        ("<think>Let me see, is it", ()),
        ("capital, europe", ("capital", "europe")),
        ("First line.\nSecond, without a marker.", ()),
        ("Keywords: capital, capital, Capital", ("capital",)),
        ("Keywords: u.s. law,  civil   procedure ", ("us law", "civil procedure")),
        ("Keywords:", ()),
        ("Keywords: , ,", ()),
        ("", ()),
        ("  \n ", ()),
        ("Keywords\uff1acapital\uff0ceurope", ("capital", "europe")),
        ("Keywords: c++, c#", ("c++", "c#")),
    ],
)
def test_a_reply_is_read(reply: str, expected: tuple[str, ...]) -> None:
    assert parse_keywords(reply, max_chars=40) == expected


def test_a_long_keyword_is_dropped_and_the_others_stay() -> None:
    assert parse_keywords("Keywords: capital, the capitals of the world", max_chars=20) == ("capital",)


def test_the_last_keyword_of_a_reply_cut_off_is_dropped() -> None:
    assert parse_keywords("Keywords: capital, eur", max_chars=40, cut_off=True) == ("capital",)


@given(st.text())
def test_any_text_gives_clean_distinct_keywords_and_no_error(reply: str) -> None:
    words = parse_keywords(reply, max_chars=20)
    assert len(set(words)) == len(words)
    for word in words:
        assert word and "," not in word and "." not in word and "\n" not in word and len(word) <= 20


@given(st.text())
def test_normalising_twice_changes_nothing_more_in_keywords(text: str) -> None:
    for word in parse_keywords(f"Keywords: {text}", max_chars=100):
        assert word == word.strip() and word == " ".join(word.split())


def test_normalise_drops_dots_case_and_decoration() -> None:
    assert normalise(" - **U.S. Law** ") == "us law"


def test_pooling_counts_replies_and_not_repetitions() -> None:
    replies = [("a", "b"), ("b", "c"), ("b", "a")]
    assert pooled_keywords(replies, min_count=2, limit=8) == ("b", "a")
    assert pooled_keywords(replies, min_count=1, limit=2) == ("b", "a")
    assert pooled_keywords([], min_count=1, limit=2) == ()
