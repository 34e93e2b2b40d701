"""The fusing round: early where a slot stands idle, each query once, in order."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from compound.fusing import Fusing
from experts.completion import Completion, failed
from experts.decision import RoutingDecision
from experts.engine import Generate
from experts.errors import AggregationError
from experts.query import Query
from experts.verdict import Candidates, Verdict


class Calls:
    """The way to the pool, without a pool."""

    async def in_thread(self, work: Any) -> Any:
        await asyncio.sleep(0)
        return work(None)


class Fuse:
    """Remembers what it was given together."""

    experts = ("judge",)

    def __init__(self, broken: bool = False) -> None:
        self.batches: list[list[str]] = []
        self._broken = broken

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        if self._broken:
            raise AggregationError("broken")
        self.batches.append([item.query.id for item in items])
        return [
            Verdict(query_id=i.query.id, aggregator="fuse", text=i.completions[0].text, answer=None)
            for i in items
        ]


def fusing(fuse: Fuse, n: int, quorum: int = 1) -> Fusing:
    queries = [Query.from_text("?", id=f"q{i}") for i in range(n)]
    decision = RoutingDecision(
        query_id="", router="r", estimates={}, calibrated=False, ranked=("e",), chosen=("e",)
    )
    calls: Any = Calls()
    return Fusing(calls, fuse, queries, [decision] * n, quorum)


def said(text: str) -> tuple[Completion, ...]:
    return (Completion(request_id=text, expert="e", query_id=text, text=text, finish_reason="stop"),)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_without_an_idle_slot_all_are_fused_together_at_the_end() -> None:
    fuse = Fuse()
    work = fusing(fuse, 3)
    work.begin(asyncio.Event().wait)
    work.offer(1, said("one"))
    await settle()
    verdicts = await work.finish([said("zero"), said("one"), said("two")])
    assert fuse.batches == [["q0", "q1", "q2"]]
    assert [v.text for v in verdicts] == ["zero", "one", "two"]


async def test_with_an_idle_slot_what_is_ready_is_fused_at_once_and_only_once() -> None:
    fuse, idle = Fuse(), asyncio.Event()
    work = fusing(fuse, 4)
    work.begin(idle.wait)
    work.offer(2, said("two"))
    work.offer(0, said("zero"))
    await settle()
    assert fuse.batches == [], "no slot is idle yet"
    idle.set()
    await settle()
    assert fuse.batches == [["q2", "q0"]]
    idle.clear()
    work.offer(1, said("one"))
    await settle()
    verdicts = await work.finish([said("zero"), said("one"), said("two"), said("three")])
    assert fuse.batches == [["q2", "q0"], ["q1", "q3"]]
    assert [v.query_id for v in verdicts] == ["q0", "q1", "q2", "q3"]


async def test_an_aggregator_that_breaks_early_is_heard_of() -> None:
    idle = asyncio.Event()
    idle.set()
    work = fusing(Fuse(broken=True), 2)
    work.begin(idle.wait)
    work.offer(0, said("zero"))
    await settle()
    with pytest.raises(AggregationError, match="broken"):
        await work.finish([said("zero"), said("one")])


async def test_below_the_quorum_nothing_is_fused() -> None:
    fuse = Fuse()
    work = fusing(fuse, 2, quorum=2)
    request: Any = type("R", (), {"id": "r", "expert": "e", "query_id": "q0", "sample_index": 0})
    broken = (*said("zero"), failed(request, "no engine"))
    [first, second] = await work.finish([broken, (*said("one"), *said("one"))])
    assert fuse.batches == [["q1"]]
    assert first.error == "1 of 2 experts answered, and quorum is 2: no engine"
    assert second.text == "one"
