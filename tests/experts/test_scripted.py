"""The scripted double."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase, ask
from hypothesis import given
from hypothesis import strategies as st

from experts.completion import Certainty, Completion, Delta, Request
from experts.config import ScriptedExpertConfig
from experts.engine import generate
from experts.engines.scripted import Reply, Script, ScriptedEngine
from experts.errors import ConfigError, ExpertError, ExpertUnavailable
from experts.sampling import SamplingConfig

SCRIPT: dict[str, Script] = {
    "plain": "one two  three\n",
    "bad": Reply(error="It broke; mend it.", retryable=True),
    "long": Reply(text="one two", hangs=True),
}


@pytest.fixture
def case() -> EngineCase:
    return EngineCase(
        make=lambda: ScriptedEngine(SCRIPT, experts=("a", "b")),
        answered=lambda i: ask(i, "plain", expert="a"),
        refused=lambda i: ask(i, "bad", expert="b"),
        endless=lambda i: ask(i, "long", expert="b"),
    )


@pytest.mark.parametrize("check", ENGINE_CHECKS + LONG_CHECKS, ids=lambda c: c.__name__)
async def test_contract(check: Check, case: EngineCase) -> None:
    await check(case)


async def reply_to(engine: ScriptedEngine, text: str, max_tokens: int = 64) -> Completion:
    request = ask("r", text, expert=engine.experts[0], max_tokens=max_tokens)
    return (await generate(engine, [request]))[0]


async def test_the_first_key_that_occurs_wins() -> None:
    engine = ScriptedEngine({"sea": "blue", "sea and sky": "both"}, default="nothing")
    assert (await reply_to(engine, "sea and sky")).text == "blue"
    assert (await reply_to(engine, "land")).text == "nothing"


async def test_a_callable_sees_the_request() -> None:
    engine = ScriptedEngine({"who": lambda r: f"{r.expert} {r.sample_index}"}, experts=("a", "b"))
    requests = [ask("r0", "who", expert="b", sample_index=2), ask("r1", "who", expert="a")]
    assert [c.text for c in await generate(engine, requests)] == ["b 2", "a 0"]
    assert [c.id for c in engine.calls] == ["r0", "r1"]


async def test_tokens_are_words_and_max_tokens_cuts() -> None:
    engine = ScriptedEngine(default="one two three")
    whole, cut = await reply_to(engine, "a b"), await reply_to(engine, "a b", max_tokens=2)
    assert (whole.text, whole.finish_reason, whole.usage.completion_tokens) == ("one two three", "stop", 3)
    assert (cut.text, cut.finish_reason, cut.usage.completion_tokens) == ("one two ", "length", 2)
    assert cut.usage.prompt_tokens == 2


async def test_faults() -> None:
    engine = ScriptedEngine({**SCRIPT, "die": Reply(raises=ExpertUnavailable("The engine died."))})
    broken = await reply_to(engine, "bad")
    assert (broken.error, broken.retryable, broken.text) == ("It broke; mend it.", True, "")
    with pytest.raises(ExpertUnavailable, match="died"):
        await reply_to(engine, "die")
    assert (await reply_to(engine, "plain")).ok


async def test_delay_is_spread_over_the_words() -> None:
    engine = ScriptedEngine(default=Reply(text="one two three four", delay_s=0.08))
    times = [time.perf_counter()]
    async for event in engine.submit([ask("r", "x", expert="scripted")], deltas=True):
        if isinstance(event, Delta):
            times.append(time.perf_counter())
        else:
            assert event.usage.seconds >= 0.075
    assert all(later - earlier > 0.01 for earlier, later in pairwise(times))


def test_identity_changes_with_the_script() -> None:
    def one(request: Request) -> str:
        return "one"

    def two(request: Request) -> str:
        return "two"

    engines = [
        ScriptedEngine({"a": "b"}, experts=("x", "y")),
        ScriptedEngine({"a": "c"}, experts=("x", "y")),
        ScriptedEngine({"a": "b"}, default="?", experts=("x", "y")),
        ScriptedEngine({"a": "b"}, version="2", experts=("x", "y")),
        ScriptedEngine({"a": Reply(text="b")}, experts=("x", "y")),
        ScriptedEngine({"a": one}, experts=("x", "y")),
        ScriptedEngine({"a": two}, experts=("x", "y")),
    ]
    identities = [e.identity(n) for e in engines for n in e.experts]
    assert len(set(identities)) == len(identities)
    assert ScriptedEngine({"a": one}).identity("scripted") == ScriptedEngine({"a": one}).identity("scripted")


async def test_from_config() -> None:
    config = ScriptedExpertConfig(
        kind="scripted", sampling=SamplingConfig(max_tokens=9), replies={"hi": "hello"}, default="what?"
    )
    engine = ScriptedEngine.from_config("greeter", config)
    assert engine.experts == ("greeter",)
    assert (await reply_to(engine, "hi you")).text == "hello"
    assert (await reply_to(engine, "bye")).text == "what?"


@pytest.mark.parametrize("names", [(), ("a", "a")])
def test_names_must_differ(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="different expert names"):
        ScriptedEngine(experts=names)


async def test_an_id_in_flight_is_refused() -> None:
    engine = ScriptedEngine(SCRIPT, experts=("a",))
    request = ask("r", "long", expert="a")
    running = engine.submit([request], deltas=True)
    await anext(running)
    with pytest.raises(ExpertError, match="in flight"):
        await generate(engine, [request])
    await running.aclose()


@given(st.text(max_size=80))
async def test_deltas_join_to_any_text(text: str) -> None:
    engine = ScriptedEngine(default=text)
    events = [
        e async for e in engine.submit([ask("r", "x", expert="scripted", max_tokens=1000)], deltas=True)
    ]
    assert "".join(e.text for e in events if isinstance(e, Delta)) == text == events[-1].text


async def test_scripted_certainty_is_given_to_those_who_ask_and_is_not_in_the_identity() -> None:
    certainty = Certainty(mean_logprob=-0.5, self_certainty=8.0)
    sure = ScriptedEngine(default=Reply(text="x", certainty=certainty))
    plain = ask("1", "?", expert="scripted")
    asking = replace(plain, id="2", sampling=SamplingConfig(max_tokens=8, certainty=True))
    without, with_it = await generate(sure, [plain, asking])
    assert (without.certainty, with_it.certainty) == (None, certainty)
    assert sure.identity("scripted") == ScriptedEngine(default=Reply(text="x")).identity("scripted")
