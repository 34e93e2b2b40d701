"""Several engines behind one."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence

import pytest
from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase, ask

from experts.completion import Completion, Delta, Request
from experts.config import Price
from experts.engine import generate
from experts.engines.scripted import Reply, Script, ScriptedEngine
from experts.errors import ConfigError, ExpertError, ExpertUnavailable
from experts.pool import Pool
from experts.sampling import SamplingConfig

SCRIPT: dict[str, Script] = {
    "plain": "one two three",
    "bad": Reply(error="It broke; mend it."),
    "long": Reply(text="one two", hangs=True),
    "die": Reply(raises=ExpertUnavailable("The engine process died.")),
    "odd": Reply(raises=RuntimeError("surprise")),
    "late": Reply(text="late", delay_s=0.1),
}


def pool_of(*engines: ScriptedEngine) -> Pool:
    return Pool(engines, {}, {})


def two_engines() -> Pool:
    return pool_of(ScriptedEngine(SCRIPT, experts=("a", "b")), ScriptedEngine(SCRIPT, experts=("c",)))


@pytest.mark.parametrize("check", ENGINE_CHECKS + LONG_CHECKS, ids=lambda c: c.__name__)
async def test_contract(check: Check) -> None:
    # Odd requests go to one engine, even ones to the other.
    def expert(request_id: str) -> str:
        return "b" if request_id.endswith(("0", "2", "4")) else "c"

    case = EngineCase(
        make=two_engines,
        answered=lambda i: ask(i, "plain", expert=expert(i)),
        refused=lambda i: ask(i, "bad", expert=expert(i)),
        endless=lambda i: ask(i, "long", expert="a"),
    )
    await check(case)


async def test_engines_run_at_once() -> None:
    engines = [ScriptedEngine(SCRIPT, experts=(name,)) for name in "abcd"]
    start = time.perf_counter()
    completions = await generate(pool_of(*engines), [ask(f"r{n}", "late", expert=n) for n in "abcd"])
    assert time.perf_counter() - start < 0.3
    assert [c.expert for c in completions] == list("abcd")


@pytest.mark.parametrize(
    ("text", "words", "retryable"),
    [("die", "The engine process died.", True), ("odd", "RuntimeError: surprise", False)],
)
async def test_a_dead_engine_fails_its_own_only(
    text: str, words: str, retryable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    requests = [
        ask("r0", "plain", expert="a"),
        ask("r1", text, expert="a"),
        ask("r2", "long", expert="b"),
        ask("r3", "late", expert="c"),
    ]
    whole, dead, cut, other = await generate(two_engines(), requests)
    assert whole.ok and other.ok
    for completion, expert in ((dead, "a"), (cut, "b")):
        assert completion.error == f"Expert {expert!r}: its engine failed: {words}"
        assert completion.retryable is retryable
    assert words in caplog.text


async def test_cost_comes_from_the_price() -> None:
    price = Price(prompt_usd_per_million=2.0, completion_usd_per_million=10.0)
    pool = Pool([ScriptedEngine(SCRIPT, experts=("a", "b"))], {"a": price}, {})
    paid, free = await generate(pool, [ask("r0", "plain words", expert="a"), ask("r1", "plain", expert="b")])
    assert paid.usage.cost_usd == pytest.approx(2 * 2e-6 + 3 * 10e-6)
    assert free.usage.cost_usd == 0


async def test_unknown_experts_are_named_with_close_ones() -> None:
    pool = pool_of(ScriptedEngine(experts=("qwen3-8b", "phi-4")))
    with pytest.raises(
        ExpertError, match=r"'qwen3-8'\. Did you mean 'qwen3-8b'\? Known are 'qwen3-8b', 'phi-4'"
    ):
        await generate(pool, [ask("r", "x", expert="qwen3-8")])
    with pytest.raises(ExpertError, match=r"Unknown expert 'zz'\. Known are"):
        pool.identity("zz")


def test_wrong_pools_are_refused() -> None:
    with pytest.raises(ConfigError, match="named 'a'"):
        pool_of(ScriptedEngine(experts=("a",)), ScriptedEngine(experts=("b", "a")))
    with pytest.raises(ConfigError, match=r"price.*'aa'"):
        Pool([ScriptedEngine(experts=("a",))], {"aa": Price()}, {})
    with pytest.raises(ConfigError, match=r"sampling.*'aa'"):
        Pool([ScriptedEngine(experts=("a",))], {}, {"aa": SamplingConfig(max_tokens=1)})


def test_default_sampling() -> None:
    sampling = SamplingConfig(max_tokens=5)
    pool = Pool([ScriptedEngine(experts=("a", "b"))], {}, {"a": sampling})
    assert pool.sampling_for("a") is sampling
    with pytest.raises(ConfigError, match="'b' has no default sampling"):
        pool.sampling_for("b")
    with pytest.raises(ExpertError, match="Unknown expert"):
        pool.sampling_for("c")


async def test_all_engines_are_closed_though_one_fails() -> None:
    class Stuck(ScriptedEngine):
        async def close(self) -> None:
            raise ExpertError("The process does not end.")

    last = ScriptedEngine(experts=("c",))
    pool = pool_of(Stuck(experts=("a", "b")), last)
    with pytest.raises(ExpertError, match=r"1 engines could not be closed \(a, b: The process does not end"):
        await pool.close()
    with pytest.raises(ExpertError, match="closed"):
        await generate(last, [])


async def test_an_engine_that_breaks_the_contract_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedEngine):
        async def submit(
            self, requests: Sequence[Request], *, deltas: bool = False
        ) -> AsyncGenerator[Delta | Completion, None]:
            first = requests[0]
            for _ in range(2):
                yield Completion(
                    request_id=first.id, expert="a", query_id=first.query_id, text="x", finish_reason="stop"
                )
            yield Delta(request_id="stranger", text="x")

    events = [
        e
        async for e in pool_of(Broken(experts=("a",))).submit(
            [ask("r0", "x", expert="a"), ask("r1", "x", expert="a")]
        )
    ]
    assert [e.request_id for e in events] == ["r0", "r1"]
    assert isinstance(events[1], Completion)
    assert events[1].error and "ended without answering" in events[1].error
    assert caplog.text.count("Dropped an event") == 2
