"""Annotators: an LLM's keywords, or the nearest of a list of skills."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import pytest

from experts.encoders.lexical import LexicalEncoder
from experts.errors import RouterError
from experts.query import Message, Query
from experts.sampling import SamplingConfig
from routers.skills.annotation import EncoderAnnotator, LlmAnnotator, build_annotator
from routers.skills.config import EncoderAnnotatorConfig, LlmAnnotatorConfig

QUERY = Query.from_text("What is the capital of {Peru}?", choices=("Lima", "Quito"))


def llm(**options: Any) -> LlmAnnotator:
    return LlmAnnotator(LlmAnnotatorConfig(kind="llm", expert="helper", **options))


def test_the_prompt_holds_what_routers_may_read_braces_included(annotator: Any) -> None:
    annotator.reply = lambda _: "Keywords: capital"
    llm(template="{question} {other}").annotate([QUERY], annotator)
    assert annotator.prompts == ["What is the capital of {Peru}?\nLima\nQuito {other}"]


def test_an_earlier_answer_is_not_shown_to_the_annotator(annotator: Any) -> None:
    talk = (Message("user", "Hello"), Message("assistant", "GOLD"), Message("user", "Capital?"))
    annotator.reply = lambda _: "Keywords: capital"
    llm().annotate([Query(id="q", messages=talk)], annotator)
    assert "Capital?" in annotator.prompts[0] and "GOLD" not in annotator.prompts[0]


def test_all_queries_and_samples_are_one_batch_with_the_configured_sampling(annotator: Any) -> None:
    sampling = SamplingConfig(max_tokens=32, temperature=0.7)
    replies = iter(["Keywords: a, b", "Keywords: b", "Keywords: c", "Keywords: d"])
    annotator.reply = lambda _: next(replies)
    found = llm(samples=2, min_count=2, sampling=sampling).annotate([QUERY, QUERY], annotator)
    assert annotator.calls == [("helper", 4, sampling)]
    assert [a.keywords for a in found] == [("b",), ()]
    assert "2 of helper's replies" in found[1].note


def test_a_failed_reply_gives_no_keywords_and_says_so(annotator: Any) -> None:
    annotator.error = "no progress for 120 s"
    [found] = llm().annotate([QUERY], annotator)
    assert found.keywords == () and "no progress for 120 s" in found.note


def test_an_unreadable_reply_gives_no_keywords_and_shows_it(annotator: Any) -> None:
    annotator.reply = lambda _: "I would rather not.\nSorry."
    [found] = llm().annotate([QUERY], annotator)
    assert found.keywords == () and "rather not" in found.note


def test_without_the_port_the_error_names_the_llm_and_the_way_out() -> None:
    with pytest.raises(RouterError, match=r"'helper'.*kind `encoder`"):
        llm().annotate([QUERY], None)
    assert llm().annotate([], None) == []


def test_a_port_that_loses_replies_is_an_error() -> None:
    with pytest.raises(RouterError, match="1 completions, one a prompt, got 0"):
        llm().annotate([QUERY], lambda *_: [])


def test_the_nearest_skills_are_kept_the_surest_first() -> None:
    config = EncoderAnnotatorConfig(
        kind="encoder",
        skills=("Law", "Geography", "Arithmetic"),
        descriptions={"Geography": "capitals, rivers, countries", "Arithmetic": "sums of numbers"},
        keep=1,
    )
    queries = [
        Query.from_text("Which rivers cross two countries?"),
        Query.from_text("sums of numbers"),
        QUERY,
    ]
    found = EncoderAnnotator(config).annotate(queries, None)
    assert [a.keywords for a in found] == [("geography",), ("arithmetic",), ("geography",)]
    assert "Geography (0." in found[0].note


def test_the_skills_are_encoded_once() -> None:
    class Counting(LexicalEncoder):
        fits = 0

        def fit(self, texts: Sequence[str]) -> Self:
            self.fits += 1
            return super().fit(texts)

    encoder = Counting()
    annotator = EncoderAnnotator(EncoderAnnotatorConfig(kind="encoder", skills=("law", "capital")), encoder)
    assert annotator.annotate([QUERY], None) == annotator.annotate([QUERY], None)
    assert encoder.fits == 1


def test_a_question_near_no_skill_has_no_keywords_and_names_the_nearest() -> None:
    config = EncoderAnnotatorConfig(kind="encoder", skills=("law",), min_similarity=0.5)
    [found] = EncoderAnnotator(config).annotate([Query.from_text("xyz")], None)
    assert found.keywords == () and "law" in found.note


def test_the_configuration_chooses_the_annotator() -> None:
    assert isinstance(build_annotator(LlmAnnotatorConfig(kind="llm", expert="x")), LlmAnnotator)
    assert isinstance(
        build_annotator(EncoderAnnotatorConfig(kind="encoder", skills=("a",))), EncoderAnnotator
    )
