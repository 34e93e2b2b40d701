"""The OpenAI-compatible engine against a real server on this machine that misbehaves on demand."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase, ask
from checks.fake_endpoint import JSON, FakeEndpoint, Fault, chunks, error, reply

from experts.completion import Completion, Delta
from experts.config import OpenAIExpert
from experts.engine import generate
from experts.engines.openai_endpoint import OpenAIEngine
from experts.errors import ConfigError
from experts.sampling import SamplingConfig
from experts.streams import closing

KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[FakeEndpoint]:
    """In a thread of its own: the checks look at all tasks of the test's event loop."""
    endpoint = FakeEndpoint()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(endpoint.__aenter__(), loop).result(10)
    yield endpoint
    asyncio.run_coroutine_threadsafe(endpoint.__aexit__(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


MakeEngine = Callable[..., OpenAIEngine]


@pytest.fixture
async def engine_of(server: FakeEndpoint) -> AsyncIterator[MakeEngine]:
    made: list[OpenAIEngine] = []

    def make(
        url: str = "", *, sleeps: list[float] | None = None, now: float = 0.0, **config: Any
    ) -> OpenAIEngine:
        async def sleep(seconds: float) -> None:
            if sleeps is not None:
                sleeps.append(seconds)

        settings: dict[str, Any] = {
            "kind": "openai",
            "model": "m",
            "base_url": url or server.url,
            "timeout_s": 5.0,
        } | config
        expert = OpenAIExpert(sampling=SamplingConfig(max_tokens=8), **settings)
        made.append(OpenAIEngine("a", expert, sleep=sleep, clock=lambda: now))
        return made[-1]

    yield make
    for engine in made:
        await engine.close()


async def one(engine: OpenAIEngine, text: str = "plain") -> Completion:
    return (await generate(engine, [ask("r", text, expert="a")]))[0]


async def _last(events: AsyncIterator[Delta | Completion]) -> Completion:
    *_, last = [event async for event in events]
    assert isinstance(last, Completion)
    return last


async def streamed(engine: OpenAIEngine, text: str = "plain") -> tuple[str, Completion]:
    events = [event async for event in engine.submit([ask("r", text, expert="a")], deltas=True)]
    assert isinstance(events[-1], Completion)
    return "".join(e.text for e in events if isinstance(e, Delta)), events[-1]


@pytest.mark.parametrize("check", ENGINE_CHECKS + LONG_CHECKS, ids=lambda c: c.__name__)
async def test_contract(check: Check, engine_of: MakeEngine) -> None:
    case = EngineCase(
        make=engine_of,
        answered=lambda i: ask(i, "plain", expert="a"),
        refused=lambda i: ask(i, "bad", expert="a"),
        endless=lambda i: ask(i, "long", expert="a"),
    )
    await check(case)


async def test_sends_the_conversation_and_the_sampling(server: FakeEndpoint, engine_of: MakeEngine) -> None:
    request = ask("r", "plain", expert="a", max_tokens=7, temperature=0.5)
    await generate(engine_of(), [request])
    plain = {
        "model": "m",
        "messages": [{"role": "user", "content": "plain"}],
        "max_tokens": 7,
        "temperature": 0.5,
    }
    assert server.seen == [plain]


@pytest.mark.parametrize("stream", [False, True])
async def test_usage_and_reason_are_the_endpoints(engine_of: MakeEngine, stream: bool) -> None:
    completion = (await streamed(engine_of()))[1] if stream else await one(engine_of())
    assert (completion.text, completion.finish_reason) == ("one two three", "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (5, 3)
    assert completion.usage.seconds > 0


async def test_absent_usage_is_zero(server: FakeEndpoint, engine_of: MakeEngine) -> None:
    server.faults = [reply(message={"content": "x"}, finish_reason="length")]
    completion = await one(engine_of())
    assert (completion.finish_reason, completion.usage.completion_tokens) == ("length", 0)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"message": {"content": ""}, "finish_reason": "content_filter"}, "content filter"),
        (
            {"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"},
            r"refused to answer \('No.'\)",
        ),
        ({"message": {"content": None}, "finish_reason": "tool_calls"}, "'tool_calls'"),
        ({"message": {"content": None}, "finish_reason": "stop"}, "without text"),
        ({"finish_reason": "stop"}, "no choices in it"),
    ],
)
async def test_no_text_is_never_an_empty_answer(
    server: FakeEndpoint, engine_of: MakeEngine, choice: dict[str, Any], words: str
) -> None:
    server.faults = [reply(**choice)]
    completion = await one(engine_of())
    assert completion.error is not None
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(completion.error)
    assert len(server.seen) == 1


async def test_thinking_that_used_all_tokens_is_a_cut_answer(
    server: FakeEndpoint, engine_of: MakeEngine
) -> None:
    server.faults = [reply(message={"content": None}, finish_reason="length")]
    completion = await one(engine_of())
    assert (completion.text, completion.finish_reason) == ("", "length")


@pytest.mark.parametrize(
    ("fault", "tries", "words"),
    [
        (error(401, f"Incorrect key {KEY}"), 1, ["401", "environment variable TEST_KEY", "***"]),
        (error(403, "no access"), 1, ["403", "'m'"]),
        (error(404, "no such model"), 1, ["404", "'m'", "`model` or base_url"]),
        (error(400, "too long", "context_length_exceeded"), 1, ["max_tokens=64", "context length"]),
        (error(400, "maximum context length is 9"), 1, ["max_tokens=64", "context length"]),
        (error(400, "bad top_p"), 1, ["400", "'bad top_p'", "configuration"]),
        (error(429, "slow down"), 3, ["after 3 attempts", "429", "max_concurrency"]),
        (error(429, "pay", "insufficient_quota"), 1, ["quota"]),
        (error(500, "x" * 500), 3, ["after 3 attempts", "500", "xxx..."]),
        (error(503, "loading"), 3, ["503", "'loading'"]),
        (error(408, "late"), 3, ["408"]),
        (error(409, "locked"), 3, ["409"]),
        (Fault(hang=True), 3, ["within 0.2 s", "timeout_s"]),
        (Fault(cut=True), 3, ["connection", "base_url"]),
        (Fault(body='{"choi', headers=JSON), 1, ["not in the OpenAI format", "/v1"]),
        (Fault(body='{"choi', headers=JSON, cut=True), 3, ["connection"]),
        (Fault(body="<html>", headers={"content-type": "text/html"}), 1, ["not in the OpenAI format"]),
    ],
)
async def test_every_failure_is_a_sentence(
    server: FakeEndpoint,
    engine_of: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    tries: int,
    words: list[str],
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    server.faults = [fault] * tries
    engine = engine_of(api_key_env="TEST_KEY", max_retries=2, timeout_s=0.2 if fault.hang else 5.0)
    completion = await one(engine)
    assert completion.error is not None and completion.finish_reason == "error" and completion.text == ""
    assert len(server.seen) == tries
    assert completion.retryable is (tries > 1)
    for word in ["Expert 'a'", server.url, *words]:
        assert word in completion.error
    assert len(completion.error) < 500 and "\n" not in completion.error
    assert KEY not in completion.error + caplog.text
    assert server.headers[0]["authorization"] == f"bearer {KEY}"


async def test_a_refused_connection_is_a_sentence(engine_of: MakeEngine) -> None:
    sleeps: list[float] = []
    completion = await one(engine_of("http://127.0.0.1:1/v1", sleeps=sleeps, max_retries=1))
    assert (
        completion.error
        and "http://127.0.0.1:1/v1" in completion.error
        and "start the server" in completion.error
    )
    assert completion.retryable and len(sleeps) == 1


async def test_honours_retry_after_then_succeeds(server: FakeEndpoint, engine_of: MakeEngine) -> None:
    now = 1_800_000_000.0
    server.faults = [
        error(429, "slow down", retry_after="7"),
        error(503, "busy", retry_after_ms="9500"),
        error(500, "oops", retry_after=formatdate(now + 20, usegmt=True)),
        error(429, "slow down", retry_after="86400"),
    ]
    sleeps: list[float] = []
    completion = await one(engine_of(sleeps=sleeps, now=now, max_retries=4))
    assert completion.ok and len(server.seen) == 5
    assert sleeps == [7.0, 9.5, 20.0, 60.0]


async def test_a_cut_stream_is_asked_again_only_before_its_first_text(
    server: FakeEndpoint, engine_of: MakeEngine
) -> None:
    opening = {"delta": {"role": "assistant"}, "finish_reason": None}
    text = {"delta": {"content": "one "}, "finish_reason": None}
    server.faults = [chunks(opening, cut=True), chunks(opening)]
    assert (await streamed(engine_of()))[1].text == "one two three"
    assert len(server.seen) == 3
    for broken in (chunks(opening, text, cut=True), chunks(opening, text)):
        server.faults = [broken]
        shown, completion = await streamed(engine_of())
        assert (shown, completion.finish_reason, completion.retryable) == ("one ", "error", True)
    assert len(server.seen) == 5


@pytest.mark.parametrize("deltas", [False, True])
async def test_an_abort_hangs_up(server: FakeEndpoint, engine_of: MakeEngine, deltas: bool) -> None:
    engine = engine_of()
    async with closing(engine.submit([ask("r", "long", expert="a")], deltas=deltas)) as events:
        ended = asyncio.ensure_future(_last(events))
        while not server.seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await engine.abort(["r"])
        completion = await ended
    assert (completion.finish_reason, completion.text) == ("stop", "one two three" if deltas else "")
    async with asyncio.timeout(5):
        while not server.left_alone:
            await asyncio.sleep(0.01)


async def test_retries_are_logged_without_the_key(
    server: FakeEndpoint,
    engine_of: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    caplog.set_level(logging.INFO, logger="experts")
    server.faults = [error(503, f"busy with {KEY}", retry_after="3")]
    assert (await one(engine_of(api_key_env="TEST_KEY"))).ok
    assert "'busy with ***'" in caplog.text and "Attempt 2 of 5 in 3.0 s" in caplog.text
    assert KEY not in caplog.text


async def test_an_error_in_the_stream_is_a_sentence(server: FakeEndpoint, engine_of: MakeEngine) -> None:
    body = 'data: {"error": {"message": "out of memory"}}\n\n'
    server.faults = [Fault(200, body, {"content-type": "text/event-stream"})]
    _, completion = await streamed(engine_of(max_retries=0))
    assert completion.error and "'out of memory'" in completion.error


async def test_at_most_max_concurrency_at_once(server: FakeEndpoint, engine_of: MakeEngine) -> None:
    server.slow_s = 0.02
    completions = await generate(
        engine_of(max_concurrency=3), [ask(f"r{i}", "plain", expert="a") for i in range(9)]
    )
    assert all(c.ok for c in completions)
    assert server.most_at_once == 3


async def test_no_key_of_another_is_sent(
    server: FakeEndpoint, engine_of: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, KEY)
    assert (await one(engine_of())).ok
    assert KEY not in str(server.headers)


async def test_a_missing_key_is_named_at_the_first_submit(
    engine_of: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    engine = engine_of(api_key_env="TEST_KEY")
    with pytest.raises(ConfigError, match="environment variable TEST_KEY is not set"):
        await one(engine)
    monkeypatch.setenv("TEST_KEY", KEY)
    assert (await one(engine)).ok


async def test_a_missing_package_is_named(engine_of: MakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ConfigError, match="pip install"):
        await one(engine_of())


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/v1", "http://", ""])
def test_a_wrong_address_is_named(url: str) -> None:
    config = OpenAIExpert(kind="openai", model="m", base_url=url, sampling=SamplingConfig(max_tokens=8))
    with pytest.raises(ConfigError, match="base_url must be"):
        OpenAIEngine("a", config)


def test_identity_shows_no_password() -> None:
    config = OpenAIExpert(
        kind="openai",
        model="m",
        base_url="https://me:pw@host:1/v1?key=k",
        sampling=SamplingConfig(max_tokens=8),
    )
    assert OpenAIEngine("a", config).identity("a") == "openai:https://host:1/v1:m"


def test_one_engine_serves_several_event_loops() -> None:
    async def run(port: int, engine: OpenAIEngine | None) -> tuple[int, OpenAIEngine]:
        async with FakeEndpoint(port) as server:
            if engine is None:
                sampling = SamplingConfig(max_tokens=8)
                config = OpenAIExpert(kind="openai", model="m", base_url=server.url, sampling=sampling)
                engine = OpenAIEngine("a", config)
            completion = await one(engine)
            assert completion.ok, completion.error
            return server.port, engine

    port, engine = asyncio.run(run(0, None))
    asyncio.run(run(port, engine))
    asyncio.run(engine.close())
