"""Certainty from OpenAI-compatible endpoints: asked for on demand, approximate, never a reason to fail."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from checks.engine_checks import ask
from checks.fake_endpoint import FakeEndpoint, chunks, error, reply

from experts.completion import Completion, Request
from experts.config import OpenAIExpert
from experts.engine import generate
from experts.engines.openai_certainty import UNKNOWN
from experts.engines.openai_endpoint import OpenAIEngine
from experts.sampling import SamplingConfig

ASKING = SamplingConfig(max_tokens=8, certainty=True)


@pytest.fixture
async def server() -> AsyncIterator[FakeEndpoint]:
    async with FakeEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def engine(server: FakeEndpoint) -> AsyncIterator[OpenAIEngine]:
    config = OpenAIExpert(kind="openai", model="m", base_url=server.url, max_retries=0, sampling=ASKING)
    made = OpenAIEngine("a", config)
    yield made
    await made.close()


def asking(request_id: str = "r", text: str = "plain") -> Request:
    plain: Request = ask(request_id, text, expert="a")
    return replace(plain, sampling=ASKING)


async def one(engine: OpenAIEngine, request: Request) -> Completion:
    [completion] = await generate(engine, [request])
    return completion


def token(*logprobs: float) -> dict[str, Any]:
    """A token as the endpoint describes it, the likeliest one taken."""
    return {
        "token": "x",
        "bytes": None,
        "logprob": logprobs[0],
        "top_logprobs": [{"token": "x", "bytes": None, "logprob": p} for p in logprobs],
    }


EVEN = token(math.log(0.5), math.log(0.5))
SURE = token(math.log(0.9), math.log(0.1))
DIVERGENCE = -0.5 * (math.log(0.9) + math.log(0.1)) - math.log(2)


async def test_log_probabilities_are_asked_for_only_where_certainty_is(
    server: FakeEndpoint, engine: OpenAIEngine
) -> None:
    await generate(engine, [ask("r", "plain", expert="a")])
    await one(engine, asking())
    assert [body.get("top_logprobs") for body in server.seen] == [None, 20]
    assert [body.get("logprobs") for body in server.seen] == [None, True]


async def test_certainty_is_the_mean_over_the_tokens(server: FakeEndpoint, engine: OpenAIEngine) -> None:
    message = {"content": "x x"}
    server.faults = [reply(message=message, finish_reason="stop", logprobs={"content": [EVEN, SURE]})]
    completion = await one(engine, asking())
    told = completion.certainty
    assert told is not None
    assert told.self_certainty == pytest.approx(DIVERGENCE / 2)
    assert told.mean_logprob == pytest.approx((math.log(0.5) + math.log(0.9)) / 2)
    assert (told.top_k, completion.notes) == (2, ())


async def test_a_stream_tells_it_in_pieces(server: FakeEndpoint, engine: OpenAIEngine) -> None:
    server.faults = [
        chunks(
            {"delta": {"content": "x "}, "finish_reason": None, "logprobs": {"content": [EVEN]}},
            {"delta": {"content": "x"}, "finish_reason": "stop", "logprobs": {"content": [SURE]}},
        )
    ]
    events = [event async for event in engine.submit([asking()], deltas=True)]
    told = events[-1].certainty if isinstance(events[-1], Completion) else None
    assert told is not None
    assert told.self_certainty == pytest.approx(DIVERGENCE / 2)


async def test_an_endpoint_that_says_nothing_gets_a_note(engine: OpenAIEngine) -> None:
    completion = await one(engine, asking())
    assert (completion.ok, completion.certainty, completion.notes) == (True, None, (UNKNOWN,))


async def test_an_endpoint_that_refuses_is_asked_without_and_not_again(
    server: FakeEndpoint, engine: OpenAIEngine
) -> None:
    server.faults = [error(400, "logprobs is not supported with this model")]
    first = await one(engine, asking("1"))
    second = await one(engine, asking("2"))
    for completion in (first, second):
        assert (completion.text, completion.certainty) == ("one two three", None)
        assert completion.notes == (UNKNOWN,)
    assert ["logprobs" in body for body in server.seen] == [True, False, False]


async def test_a_request_that_is_rejected_either_way_fails_and_proves_nothing(
    server: FakeEndpoint, engine: OpenAIEngine
) -> None:
    server.faults = [error(422, "no"), error(422, "no")]
    failed = await one(engine, asking("1"))
    assert failed.error is not None and "HTTP 422" in failed.error
    assert (await one(engine, asking("2"))).ok
    assert ["logprobs" in body for body in server.seen] == [True, False, True]


@pytest.mark.parametrize("content", [[{"logprob": "high"}], [{"token": "x"}], None])
async def test_what_is_not_in_the_usual_form_is_no_certainty(
    server: FakeEndpoint, engine: OpenAIEngine, content: object
) -> None:
    server.faults = [reply(message={"content": "x"}, finish_reason="stop", logprobs={"content": content})]
    completion = await one(engine, asking())
    assert completion.text == "x", json.dumps(content)
    assert (completion.certainty, completion.notes) == (None, (UNKNOWN,))
