"""Real vLLM engines under real Ray: the contract, switches, faults."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest
from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase

from compound.config import SystemConfig
from experts.completion import Completion, Delta, Request
from experts.config import VllmExpert
from experts.engine import generate
from experts.errors import ConfigError, ExpertError
from experts.hosting.hosted_engine import HostedEngine
from experts.scheduling.switches import SwitchCounts, count

# The shared engine belongs to one event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

MakeRequest = Callable[..., Request]
FAMILY = ("abacus", "atlas", "almanac")
"""Experts of one engine family."""
STRANGER = "scholar"
"""An expert of another."""


class Borrowed:
    """The shared engine as a fresh one: closing it ends its own requests and nothing else."""

    def __init__(self, engine: HostedEngine) -> None:
        self._engine, self._open, self._closed = engine, set[str](), False

    @property
    def experts(self) -> tuple[str, ...]:
        return self._engine.experts

    def identity(self, expert: str) -> str:
        return self._engine.identity(expert)

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        if self._closed:
            raise ExpertError("closed")
        self._open |= {r.id for r in requests}
        stream = self._engine.submit(requests, deltas=deltas)
        try:
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    async def abort(self, request_ids: Sequence[str]) -> None:
        await self._engine.abort(request_ids)

    async def close(self) -> None:
        self._closed = True


@pytest.mark.parametrize(
    "check",
    [c for c in ENGINE_CHECKS + LONG_CHECKS if c.__name__ != "check_close_ends_what_is_in_flight"],
    ids=lambda c: c.__name__,
)
async def test_contract(check: Check, hosted: HostedEngine, ask: MakeRequest) -> None:
    await check(
        EngineCase(
            make=lambda: Borrowed(hosted),
            answered=lambda i: ask(i, "abacus"),
            refused=lambda i: ask(i, "missing"),
            endless=lambda i: ask(i, "rambler", max_tokens=900),
            patience_s=120,
        )
    )


async def test_a_round_makes_every_expert_resident_once_and_reloads_within_a_family(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    await generate(hosted, [ask("warm", STRANGER)])
    before = count(hosted.switches())
    names = [*FAMILY, STRANGER]
    completions = await generate(hosted, [ask(f"{i}-{name}", name) for i in range(6) for name in names])
    assert all(c.ok and c.text for c in completions)
    # The stranger is resident already; the family comes as one new engine and two reloads.
    assert count(hosted.switches()) - before == SwitchCounts(new_engine=1, reload=2)
    assert [s.note for s in hosted.switches()[-3:]] == [None] * 3


async def test_answers_do_not_depend_on_what_was_resident_before(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    seen = []
    for before in ("atlas", "almanac", STRANGER):
        await generate(hosted, [ask("before", before)])
        [completion] = await generate(hosted, [ask("q", "abacus", "What is 12 plus 30?")])
        seen.append(completion.text)
    assert len(set(seen)) == 1


async def test_a_prompt_beyond_the_context_is_refused_in_words(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    long, short = await generate(
        hosted, [ask("long", "abacus", "what is 1 + 1 " * 400), ask("short", "abacus")]
    )
    assert short.ok
    assert long.error is not None
    assert "context holds 1,024" in long.error


async def test_the_context_bounds_the_answer(hosted: HostedEngine, ask: MakeRequest) -> None:
    [completion] = await generate(hosted, [ask("q", "rambler", max_tokens=5000)])
    assert completion.finish_reason == "length"
    assert completion.usage.prompt_tokens + completion.usage.completion_tokens == 1024


async def test_stop_strings_end_the_text(hosted: HostedEngine, ask: MakeRequest) -> None:
    [whole] = await generate(hosted, [ask("q", "abacus")])
    stop = whole.text.split()[-1]
    [cut] = await generate(hosted, [ask("q", "abacus", stop=(stop,))])
    assert cut.finish_reason == "stop"
    assert cut.text == whole.text.split(stop, 1)[0]


async def test_max_tokens_is_visible(hosted: HostedEngine, ask: MakeRequest) -> None:
    [completion] = await generate(hosted, [ask("q", "abacus", max_tokens=2)])
    assert (completion.finish_reason, completion.usage.completion_tokens) == ("length", 2)


async def test_a_missing_model_fails_in_words_and_the_others_go_on(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    bad, good = await generate(hosted, [ask("a", "missing"), ask("b", "atlas")])
    assert good.ok
    assert bad.error is not None
    assert bad.error.startswith("Expert 'missing' cannot answer: No model folder at /nowhere/at/all.")


@pytest.mark.slow
async def test_a_killed_engine_is_replaced_and_its_work_done_again(
    pocket_config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest
) -> None:
    await check_broken_engine_is_replaced(pocket_config, experts, ask, signal.SIGKILL)


@pytest.mark.slow
async def test_a_hung_engine_is_killed_after_the_bound_and_replaced(
    pocket_config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest
) -> None:
    await check_broken_engine_is_replaced(pocket_config, experts, ask, signal.SIGSTOP)


async def check_broken_engine_is_replaced(
    config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest, how: signal.Signals
) -> None:
    engine = HostedEngine(experts, config.hosting.model_copy(update={"hang_timeout_s": 5.0}))
    try:
        await generate(engine, [ask("warm", "rambler")])
        [first] = await engine.engine_pids()
        run = asyncio.create_task(
            generate(engine, [ask(f"q{i}", "rambler", max_tokens=400) for i in range(24)])
        )
        await asyncio.sleep(0.3)
        os.kill(first, how)
        completions = await run
        assert [c.request_id for c in completions] == [f"q{i}" for i in range(24)]
        assert all(c.ok for c in completions), completions[0].error
        [second] = await engine.engine_pids()
        assert second != first
        assert [s.kind for s in engine.switches()] == ["new_process", "new_process"]
    finally:
        await engine.close()


@pytest.mark.slow
async def test_a_parked_engine_is_woken_instead_of_built(
    pocket_config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest
) -> None:
    engine = HostedEngine(experts, pocket_config.hosting.model_copy(update={"parked_engines": 1}))
    try:
        for number, name in enumerate([FAMILY[0], STRANGER, FAMILY[0], STRANGER, FAMILY[1]]):
            [completion] = await generate(engine, [ask(f"q{number}", name, "What is 12 plus 30?")])
            assert completion.ok, completion.error
        kinds = [(s.kind, s.reloaded) for s in engine.switches()]
        # One process a family, then no engine is ever built again.
        assert kinds == [
            ("new_process", False),
            ("new_process", False),
            ("wake", False),
            ("wake", False),
            ("wake", True),
        ]
    finally:
        await engine.close()


async def test_weights_that_are_cut_short_fail_in_words_and_the_others_go_on(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    bad, good = await generate(hosted, [ask("a", "torn"), ask("b", "atlas")])
    assert good.ok
    assert bad.error is not None
    assert "cut short? Copy it again." in bad.error


async def test_too_little_memory_at_load_fails_in_words_and_the_others_go_on(
    hosted: HostedEngine, ask: MakeRequest
) -> None:
    bad, good = await generate(hosted, [ask("a", "glutton"), ask("b", "atlas")])
    assert good.ok, good.error
    assert bad.error is not None
    assert bad.error.startswith("Expert 'glutton' cannot answer: ")
    assert bad.retryable


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU here")
async def test_a_gpu_that_is_not_there_is_a_mistake_in_words_each_time(
    pocket_config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest
) -> None:
    engine = HostedEngine(experts, pocket_config.hosting.model_copy(update={"device": "gpu"}))
    try:
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"hosting\.device is 'gpu', but Ray sees no GPU"):
                await generate(engine, [ask("q", "abacus")])
    finally:
        await engine.close()


async def test_an_engine_that_does_not_start_in_time_fails_in_words(
    pocket_config: SystemConfig, experts: dict[str, VllmExpert], ask: MakeRequest
) -> None:
    engine = HostedEngine(experts, pocket_config.hosting.model_copy(update={"start_timeout_s": 1.0}))
    # Ray must have started before, or the bound on placing the slot would be hit instead.
    try:
        [completion] = await generate(engine, [ask("q", "abacus")])
        assert completion.error is not None
        assert "did not start within 1 s" in completion.error
        assert completion.retryable
    finally:
        await engine.close()
