"""The coordinator between clients and slots: who is granted what, and who hears of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from checks.hosted_slots import Hosted, hosted_slots, job

from experts.errors import QueueFull


@pytest_asyncio.fixture
async def one() -> AsyncIterator[Hosted]:
    """One slot, few places to wait."""
    async with hosted_slots(1, max_queued=2, max_wait_s=5.0) as hosted:
        yield hosted


@pytest_asyncio.fixture
async def two() -> AsyncIterator[Hosted]:
    """Two slots."""
    async with hosted_slots(2) as hosted:
        yield hosted


async def test_every_client_hears_of_its_own_jobs(two: Hosted) -> None:
    await two.join("x", "y")
    await two.submit("x", job("x/0", "a"))
    await two.submit("y", job("y/0", "b"))
    x, y = await two.granted("x"), await two.granted("y")
    assert (set(x), set(y)) == ({"x/0"}, {"y/0"})
    assert set(x.values()) | set(y.values()) == {"slot-0", "slot-1"}
    assert await two.granted("x") == {}, "each grant is given once"


async def test_a_slot_works_for_one_expert_at_a_time_and_its_like_joins(one: Hosted) -> None:
    await one.join("x", "y")
    await one.submit("x", job("a1"), job("b1", "b"))
    await one.submit("y", job("a2"))
    assert await one.granted("x") == {"a1": "slot-0"} and await one.granted("y") == {"a2": "slot-0"}
    await one.ended("x", "a1")
    assert await one.granted("x") == {}, "a2 still runs"
    await one.ended("y", "a2")
    assert await one.granted("x", 1.0) == {"b1": "slot-0"}


async def test_a_client_is_woken_by_its_grant(one: Hosted) -> None:
    await one.join("x")
    await one.orders("x")
    asking = asyncio.create_task(one.granted("x", 5.0))
    await asyncio.sleep(0)
    await one.submit("x", job("a1"))
    assert await asyncio.wait_for(asking, 1.0) == {"a1": "slot-0"}


async def test_too_much_waiting_work_is_refused_whole(one: Hosted) -> None:
    await one.join("x")
    await one.submit("x", job("a1"))
    with pytest.raises(QueueFull):
        await one.submit("x", job("b1", "b"), job("b2", "b", requests=2))
    assert await one.counts() == (0, 1)
    await one.submit("x", job("b1", "b", requests=2))
    assert await one.counts() == (1, 1)


async def test_withdrawn_jobs_never_start(one: Hosted) -> None:
    await one.join("x")
    await one.submit("x", job("a1"), job("b1", "b"))
    await one.coordinator.withdraw("x", one.incarnation, ["a1", "b1", "unknown"])
    assert await one.counts() == (0, 0)


async def test_the_next_expert_is_announced_to_a_client_that_waits_for_it(one: Hosted) -> None:
    await one.join("x", "y")
    await one.submit("x", job("a1"))
    await one.submit("y", job("b1", "b"))
    await one.submit("x", job("a2"))
    (ahead,) = (await one.orders("y")).ahead
    assert ahead.expert == "b" and ahead.actor is one.keeper.made[0]
    assert (await one.orders("x")).ahead == (), "only who waits knows where its files are"


async def test_idle_slots_are_counted(two: Hosted) -> None:
    await two.join("x")
    assert (await two.orders("x", 5.0)).idle == 2
    await two.submit("x", job("a1"))
    assert (await two.orders("x")).idle == 1
    await two.ended("x", "a1")
    assert (await two.orders("x", 5.0)).idle == 2, "who waits for an idle slot is woken"
    await two.join("y")
    assert (await asyncio.wait_for(two.orders("y", 5.0), 1.0)).idle == 2, "a newcomer is told at once"
