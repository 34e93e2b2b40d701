"""Questions that come one by one are answered in batches."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from eval.interchange.gathering import Gathering
from experts.errors import ExpertUnavailable
from experts.query import Query


class Batches:
    """Answers with the question's text; remembers sizes."""

    def __init__(self, error: Exception | None = None, gate: asyncio.Event | None = None) -> None:
        self.sizes: list[int] = []
        self._error, self._gate = error, gate

    async def __call__(self, queries: Sequence[Query]) -> list[Any]:
        self.sizes.append(len(queries))
        assert len({query.id for query in queries}) == len(queries)
        if self._gate is not None:
            await self._gate.wait()
        if self._error is not None:
            raise self._error
        return [query.question for query in queries]


async def ask_all(gathering: Gathering, texts: Sequence[str]) -> list[Any]:
    return await asyncio.gather(*(gathering.ask(Query.from_text(text, id="same")) for text in texts))


async def test_what_comes_together_is_one_batch_in_order() -> None:
    batches = Batches()
    texts = [f"q {i}" for i in range(40)]
    assert await ask_all(Gathering(batches, wait_s=0.01), texts) == texts
    assert batches.sizes == [40]


async def test_while_a_batch_runs_the_next_one_grows() -> None:
    gate = asyncio.Event()
    batches = Batches(gate=gate)
    gathering = Gathering(batches, wait_s=0)
    first = asyncio.ensure_future(ask_all(gathering, ["a"]))
    while not batches.sizes:
        await asyncio.sleep(0)
    rest = [asyncio.ensure_future(ask_all(gathering, [text])) for text in "bcd"]
    await asyncio.sleep(0.02)
    gate.set()
    assert await first == ["a"] and [await task for task in rest] == [["b"], ["c"], ["d"]]
    assert batches.sizes == [1, 3]


async def test_an_error_is_everybodys() -> None:
    gathering = Gathering(Batches(ExpertUnavailable("The engine is away.")), wait_s=0)
    found = await asyncio.gather(*(gathering.ask(Query.from_text(t)) for t in "ab"), return_exceptions=True)
    assert [type(error) for error in found] == [ExpertUnavailable] * 2


async def test_the_first_may_leave_and_the_others_are_answered() -> None:
    batches = Batches()
    gathering = Gathering(batches, wait_s=0.01)
    first = asyncio.ensure_future(gathering.ask(Query.from_text("a")))
    second = asyncio.ensure_future(gathering.ask(Query.from_text("b")))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert str(await second) == "b" and batches.sizes == [1]
