"""`generate`, and whether the battery catches engines that break the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial

import pytest
from checks.engine_checks import (
    Check,
    EngineCase,
    ask,
    check_abort_ends_early,
    check_close_ends_what_is_in_flight,
    check_close_twice,
    check_deltas_join_to_text,
    check_early_aclose_leaves_nothing,
    check_failed_item_is_data,
    check_one_completion_each,
    check_order_and_length,
)

from experts.completion import Completion, Delta, Request
from experts.engine import generate
from experts.engines.scripted import Reply, Script, ScriptedEngine
from experts.errors import ExpertError

Events = AsyncGenerator[Delta | Completion, None]
SCRIPT: dict[str, Script] = {
    "plain": "one two three",
    "bad": Reply(error="It broke; mend it."),
    "long": Reply(text="one two", hangs=True),
}


class Dropping(ScriptedEngine):
    """Forgets the last request."""

    async def submit(self, requests: Sequence[Request], *, deltas: bool = False) -> Events:
        async for event in super().submit(requests[:-1], deltas=deltas):
            yield event


class Repeating(ScriptedEngine):
    """Answers everything twice."""

    async def submit(self, requests: Sequence[Request], *, deltas: bool = False) -> Events:
        async for event in super().submit(requests, deltas=deltas):
            yield event
            if isinstance(event, Completion):
                yield event


class SwallowingDeltas(ScriptedEngine):
    """Loses the pieces that are one word long."""

    async def submit(self, requests: Sequence[Request], *, deltas: bool = False) -> Events:
        async for event in super().submit(requests, deltas=deltas):
            if isinstance(event, Completion) or event.text != "two ":
                yield event


class Raising(ScriptedEngine):
    """Lets one failed item take the batch down."""

    async def submit(self, requests: Sequence[Request], *, deltas: bool = False) -> Events:
        async for event in super().submit(requests, deltas=deltas):
            if isinstance(event, Completion) and not event.ok:
                raise ExpertError("all is lost")
            yield event


class Leaking(ScriptedEngine):
    """Leaves a task behind."""

    async def submit(self, requests: Sequence[Request], *, deltas: bool = False) -> Events:
        self.leak = asyncio.create_task(asyncio.sleep(30))
        async for event in super().submit(requests, deltas=deltas):
            yield event
        self.leak.cancel()


class DeafToAbort(ScriptedEngine):
    """Ignores aborts."""

    async def abort(self, request_ids: Sequence[str]) -> None:
        return


class Undead(ScriptedEngine):
    """Goes on after it was closed."""

    async def close(self) -> None:
        return


class PassingOff(ScriptedEngine):
    """Hands out a part as the whole when it is closed."""

    async def close(self) -> None:
        await self.abort(["r"])


def case_of(engine: type[ScriptedEngine], patience_s: float = 0.3) -> EngineCase:
    return EngineCase(
        make=partial(engine, SCRIPT, experts=("a",)),
        answered=lambda i: ask(i, "plain", expert="a"),
        refused=lambda i: ask(i, "bad", expert="a"),
        endless=lambda i: ask(i, "long", expert="a"),
        patience_s=patience_s,
    )


@pytest.mark.parametrize(
    ("engine", "check"),
    [
        (Dropping, check_order_and_length),
        (Repeating, check_one_completion_each),
        (SwallowingDeltas, check_deltas_join_to_text),
        (Raising, check_failed_item_is_data),
        (Leaking, check_early_aclose_leaves_nothing),
        (DeafToAbort, check_abort_ends_early),
        (Undead, check_close_twice),
        (PassingOff, check_close_ends_what_is_in_flight),
    ],
)
async def test_battery_catches_a_broken_engine(engine: type[ScriptedEngine], check: Check) -> None:
    with pytest.raises((AssertionError, ExpertError, TimeoutError, pytest.fail.Exception)):
        await check(case_of(engine))
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_generate_keeps_the_order_when_answers_come_in_another() -> None:
    def slower_first(request: Request) -> Reply:
        return Reply(text=request.id, delay_s=0.05 if request.id == "r0" else 0.0)

    engine = ScriptedEngine(default=slower_first, experts=("a",))
    texts = [c.text for c in await generate(engine, [ask(f"r{i}", "x", expert="a") for i in range(3)])]
    assert texts == ["r0", "r1", "r2"]


@pytest.mark.parametrize(
    ("engine", "ids", "words"),
    [
        (ScriptedEngine, ["r", "r"], "unique"),
        (Dropping, ["r", "s"], "without a completion for 1 requests.*'s'"),
    ],
)
async def test_generate_refuses_a_broken_batch(
    engine: Callable[..., ScriptedEngine], ids: list[str], words: str
) -> None:
    with pytest.raises(ExpertError, match=words):
        await generate(engine(SCRIPT, experts=("a",)), [ask(i, "plain", expert="a") for i in ids])
