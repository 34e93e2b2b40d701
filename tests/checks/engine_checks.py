"""One battery for all engines: what `experts.engine.Engine` promises, checked from outside.

    from checks.engine_checks import ENGINE_CHECKS, LONG_CHECKS, Check, EngineCase

    @pytest.mark.parametrize("check", ENGINE_CHECKS + LONG_CHECKS, ids=lambda c: c.__name__)
    async def test_contract(check: Check, case: EngineCase) -> None:
        await check(case)

(pytest's `pythonpath = ["tests"]` makes it importable so.) A check makes a fresh engine, and closes
it. Checks compare texts with nothing but themselves, so that a real model passes too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from experts.completion import Completion, Delta, Request
from experts.engine import Engine, generate
from experts.errors import ExpertError
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.streams import closing

MakeRequest = Callable[[str], Request]
Check = Callable[["EngineCase"], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class EngineCase:
    """An engine to check, and requests (by id) that show its behaviour."""

    make: Callable[[], Engine]
    """A fresh engine; the same texts and identity each time."""
    answered: MakeRequest
    """A request that is answered, with a text of several pieces."""
    refused: MakeRequest
    """A request that this engine cannot answer; the others beside it must not suffer."""
    endless: MakeRequest | None = None
    """A request that first gives some text as deltas, then runs for far longer than `patience_s`."""
    patience_s: float = 20.0
    """Bound on anything that must happen soon, seconds."""


def ask(
    request_id: str,
    text: str,
    *,
    expert: str,
    query_id: str = "",
    sample_index: int = 0,
    max_tokens: int = 64,
    temperature: float = 0.0,
) -> Request:
    """A request with one user message; its query id is its own id unless one is given."""
    return Request(
        id=request_id,
        expert=expert,
        query_id=query_id or request_id,
        messages=(Message("user", text),),
        sampling=SamplingConfig(max_tokens=max_tokens, temperature=temperature),
        sample_index=sample_index,
    )


@asynccontextmanager
async def opened(case: EngineCase) -> AsyncIterator[Engine]:
    engine = case.make()
    try:
        async with asyncio.timeout(case.patience_s):
            yield engine
    finally:
        await engine.close()


async def check_protocol(case: EngineCase) -> None:
    async with opened(case) as engine:
        assert isinstance(engine, Engine)
        assert engine.experts
        assert len(set(engine.experts)) == len(engine.experts)
        request = case.answered("r")
        assert request.expert in engine.experts
        identity = engine.identity(request.expert)
        assert identity
        again = case.make()
        assert again.identity(request.expert) == identity
        await again.close()


async def check_order_and_length(case: EngineCase) -> None:
    requests = [case.answered(f"r{i}") for i in (3, 1, 2, 0)]
    async with opened(case) as engine:
        completions = await generate(engine, requests)
        assert [(c.request_id, c.query_id, c.expert, c.sample_index) for c in completions] == [
            (r.id, r.query_id, r.expert, r.sample_index) for r in requests
        ]
        for completion in completions:
            assert completion.ok, completion.error
            assert completion.text
            assert completion.usage.seconds >= 0


async def check_one_completion_each(case: EngineCase) -> None:
    requests = [case.answered(f"r{i}") for i in range(5)]
    async with opened(case) as engine:
        events = [event async for event in engine.submit(requests)]
        assert all(isinstance(event, Completion) for event in events)
        assert sorted(event.request_id for event in events) == sorted(r.id for r in requests)


async def check_deltas_join_to_text(case: EngineCase) -> None:
    pieces: dict[str, list[str]] = {"r0": [], "r1": []}
    done: dict[str, Completion] = {}
    async with opened(case) as engine:
        async for event in engine.submit([case.answered(r) for r in pieces], deltas=True):
            assert event.request_id not in done, "nothing may follow a request's completion"
            if isinstance(event, Delta):
                pieces[event.request_id].append(event.text)
            else:
                done[event.request_id] = event
    assert {r: "".join(p) for r, p in pieces.items()} == {r: done[r].text for r in pieces}
    assert all(pieces.values())


async def check_failed_item_is_data(case: EngineCase) -> None:
    async with opened(case) as engine:
        good, bad, fine = await generate(
            engine, [case.answered("r0"), case.refused("r1"), case.answered("r2")]
        )
        assert good.ok and fine.ok
        assert bad.finish_reason == "error"
        assert bad.error and bad.error.strip().endswith((".", "'", ")", "!", "?")), bad.error
        assert "\n" not in bad.error


async def check_empty_submit(case: EngineCase) -> None:
    async with opened(case) as engine:
        assert await generate(engine, []) == []


async def check_wrong_requests_raise(case: EngineCase) -> None:
    stranger = ask("r", "hello", expert="no such expert")
    async with opened(case) as engine:
        with pytest.raises(ExpertError, match="no such expert"):
            await generate(engine, [stranger])
        with pytest.raises(ExpertError, match="'r'"):
            async for _ in engine.submit([case.answered("r"), case.answered("r")]):
                pass


async def check_unknown_abort_is_ignored(case: EngineCase) -> None:
    async with opened(case) as engine:
        await engine.abort(["never seen"])
        [completion] = await generate(engine, [case.answered("r")])
        await engine.abort(["r", "never seen"])
        assert completion.ok
        assert [c.ok for c in await generate(engine, [case.answered("r")])] == [True]


async def check_close_twice(case: EngineCase) -> None:
    async with opened(case) as engine:
        await generate(engine, [case.answered("r")])
        await engine.close()
        await engine.close()
        with pytest.raises(ExpertError, match="closed"):
            await generate(engine, [case.answered("r")])
    unused = case.make()
    await unused.close()


async def check_early_aclose_leaves_nothing(case: EngineCase) -> None:
    first = case.endless or case.answered
    async with opened(case) as engine:
        await generate(engine, [case.answered("warm")])
        before = asyncio.all_tasks()
        async with closing(engine.submit([first("r0"), case.answered("r1")], deltas=True)) as events:
            async for _ in events:
                break
        assert asyncio.all_tasks() <= before
        # Ids are free again, and the engine goes on.
        assert [c.ok for c in await generate(engine, [case.answered("r0")])] == [True]


async def check_abort_ends_early(case: EngineCase) -> None:
    assert case.endless is not None
    pieces: list[str] = []
    done: dict[str, Completion] = {}
    async with opened(case) as engine:
        async for event in engine.submit([case.endless("long"), case.answered("short")], deltas=True):
            if isinstance(event, Completion):
                done[event.request_id] = event
            elif event.request_id == "long":
                pieces.append(event.text)
                await engine.abort(["long"])
        assert done["short"].ok
        assert done["long"].finish_reason == "stop"
        assert done["long"].text == "".join(pieces) != ""
        assert [c.ok for c in await generate(engine, [case.answered("long")])] == [True]


async def check_abort_at_once(case: EngineCase) -> None:
    assert case.endless is not None
    endless = case.endless("long")
    async with opened(case) as engine:
        run = asyncio.create_task(generate(engine, [endless, case.answered("short")]))
        await asyncio.sleep(0)
        while not run.done():
            # From the outside nobody knows when a request has started: ask until it has ended.
            await engine.abort(["long"])
            await asyncio.sleep(0.01)
        long, short = run.result()
        assert long.finish_reason == "stop"
        assert short.ok


async def check_cancelled_run_leaves_nothing(case: EngineCase) -> None:
    assert case.endless is not None
    async with opened(case) as engine:
        await generate(engine, [case.answered("warm")])
        before = asyncio.all_tasks()
        run = asyncio.create_task(generate(engine, [case.endless("r")]))
        await asyncio.sleep(0.05)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert asyncio.all_tasks() <= before
        assert [c.ok for c in await generate(engine, [case.answered("r")])] == [True]


async def check_close_ends_what_is_in_flight(case: EngineCase) -> None:
    assert case.endless is not None
    async with opened(case) as engine:
        run = asyncio.create_task(generate(engine, [case.endless("r")]))
        await asyncio.sleep(0.05)
        await engine.close()
        try:
            [completion] = await run
        except ExpertError:
            return
        assert completion.finish_reason == "error", (
            "an engine that is closed must not pass off a part as the whole"
        )


ENGINE_CHECKS: list[Check] = [
    check_protocol,
    check_order_and_length,
    check_one_completion_each,
    check_deltas_join_to_text,
    check_failed_item_is_data,
    check_empty_submit,
    check_wrong_requests_raise,
    check_unknown_abort_is_ignored,
    check_close_twice,
    check_early_aclose_leaves_nothing,
]
"""For every engine."""

LONG_CHECKS: list[Check] = [
    check_abort_ends_early,
    check_abort_at_once,
    check_cancelled_run_leaves_nothing,
    check_close_ends_what_is_in_flight,
]
"""For engines that can be caught in the middle: the case has `endless`."""
