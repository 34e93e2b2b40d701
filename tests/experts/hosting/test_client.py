"""What a client says to its coordinator, and what it makes of the answers."""

import asyncio
import time

import pytest
from checks.fake_coordinator import FakeCoordinator, jobs_of, started, until_told, wait_for

from experts.errors import ConfigError, ExpertUnavailable, QueueFull
from experts.hosting.client import HostingClient
from experts.hosting.orders import Ahead, Orders


async def test_grants_reach_their_jobs_and_ends_the_coordinator() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        one, two = jobs_of(client, 2)
        await client.submit([one, two])
        coordinator.grant(two, slot="slot-1")
        assert await wait_for(client, two) == ["slot-1"]
        coordinator.grant(one)
        assert await wait_for(client, one) == ["slot-0"]
        await client.ended(one)
        await client.ended(one)
        await client.ended(two, trouble="slot-1")
    assert coordinator.submitted == [one.id, two.id] and client.faults == []
    assert coordinator.told == [("ended", one.id, ""), ("ended", two.id, "slot-1"), ("left",)]


async def test_a_job_that_is_not_wanted_any_more_is_withdrawn() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        (job,) = jobs_of(client, 1)
        await client.submit([job])
        await client.ended(job)
        assert coordinator.told == [("withdrawn", job.id)]


async def test_a_grant_for_a_job_whose_submission_was_cancelled_is_given_back() -> None:
    coordinator = FakeCoordinator()
    coordinator.hangs = asyncio.Event()
    async with started(coordinator) as client:
        (job,) = jobs_of(client, 1)
        submitting = asyncio.create_task(client.submit([job]))
        while not coordinator.submitted:
            await asyncio.sleep(0)
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        coordinator.grant(job)
        await until_told(coordinator, "withdrawn", job.id)
        assert coordinator.told.count(("withdrawn", job.id)) == 1


async def test_idle_slots_and_experts_to_prefetch_are_passed_on() -> None:
    coordinator, ahead = FakeCoordinator(), list[Ahead]()
    client = HostingClient(lambda: coordinator, ahead.append, no_slot_s=60.0)
    await client.start()
    coordinator.inbox.put_nowait(Orders(ahead=(Ahead("a", None),), idle=2, slots=3))
    await asyncio.wait_for(client.idle.wait(), 5)
    assert (client.slots, [a.expert for a in ahead]) == (3, ["a"])
    await client.close()


async def test_no_room_is_said_and_the_coordinator_is_left() -> None:
    coordinator = FakeCoordinator(problem="No room for 9 slots.")
    with pytest.raises(ConfigError, match="No room for 9 slots"):
        async with started(coordinator):
            raise AssertionError("it must not start")
    assert coordinator.told == [("left",)]


async def test_a_full_queue_takes_nothing_in() -> None:
    coordinator = FakeCoordinator()
    coordinator.full = True
    async with started(coordinator) as client:
        (job,) = jobs_of(client, 1)
        with pytest.raises(QueueFull):
            await client.submit([job])
        await client.again(job, since=time.monotonic())
        coordinator.grant(job)
        assert await wait_for(client, job) == ["slot-0"], "what was accepted once is never refused"
    assert [a.job for a in coordinator.restored] == [job]


async def test_closing_fails_what_waits() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        (job,) = jobs_of(client, 1)
        await client.submit([job])
        waiting = asyncio.create_task(client.granted(job))
        await asyncio.sleep(0)
    with pytest.raises(ExpertUnavailable, match="has been closed"):
        await waiting
    assert coordinator.told == [("left",)]
