"""A client whose coordinator is lost or has forgotten it, or that has no slot left."""

import asyncio
import time

import pytest
from checks.fake_coordinator import FakeCoordinator, jobs_of, started, wait_for

from experts.errors import ExpertUnavailable
from experts.hosting import client as module
from experts.hosting.orders import Orders


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes hundredths."""
    for name, seconds in {"_ASK_S": 0.02, "_REJOIN_S": 0.1, "_PAUSE_S": 0.01}.items():
        monkeypatch.setattr(module, name, seconds)


async def test_another_coordinator_hears_of_all_accepted_work() -> None:
    first, second = FakeCoordinator("first"), FakeCoordinator("second")
    async with started(first, second) as client:
        running, waiting, done = jobs_of(client, 3)
        await client.submit([running, waiting, done])
        first.grant(running, done, slot="slot-7")
        await wait_for(client, running, done)
        await client.ended(done)
        first.die()
        second.grant(waiting)
        assert await wait_for(client, waiting) == ["slot-0"]
        assert [(a.job, a.slot) for a in second.restored] == [(running, "slot-7"), (waiting, None)]
        assert all(0.0 <= a.waited_s < 5.0 for a in second.restored)
        assert [(f.kind, f.detail) for f in client.faults] == [
            ("coordinator_lost", "The coordinator was lost; it was rebuilt with 2 accepted jobs.")
        ]
        await client.ended(running)
    assert second.told == [("ended", running.id, ""), ("left",)]


@pytest.mark.parametrize("way", ["submit", "again"])
async def test_a_loss_that_a_submission_finds_costs_nothing(way: str) -> None:
    first, second = FakeCoordinator("first"), FakeCoordinator("second")
    async with started(first, second) as client:
        (job,) = jobs_of(client, 1)
        first.lost = True
        since = time.monotonic() - 100.0
        await (client.submit([job]) if way == "submit" else client.again(job, since=since))
        second.grant(job)
        assert await wait_for(client, job) == ["slot-0"] and len(client.faults) == 1
    (told,) = second.restored
    assert (told.waited_s >= 100.0) == (way == "again"), "its age goes with it"


async def test_a_coordinator_that_has_forgotten_us_is_told_again() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        (job,) = jobs_of(client, 1)
        coordinator.knows = False
        await client.submit([job])
        coordinator.grant(job)
        assert await wait_for(client, job) == ["slot-0"]
    assert [a.job for a in coordinator.restored] == [job]


async def test_others_work_is_told_although_who_found_the_loss_is_cancelled() -> None:
    first, second = FakeCoordinator("first"), FakeCoordinator("second")
    second.hangs = asyncio.Event()
    async with started(first, second) as client:
        other, own = jobs_of(client, 2)
        await client.submit([other])
        first.lost = True
        submitting = asyncio.create_task(client.submit([own]))
        while not second.restored:
            await asyncio.sleep(0.005)
        submitting.cancel()
        await asyncio.gather(submitting, return_exceptions=True)
        second.hangs.set()
        second.grant(other)
        assert await wait_for(client, other) == ["slot-0"] and len(client.faults) == 1


async def test_where_no_coordinator_can_be_had_work_fails_in_words() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        waiting, new, again = jobs_of(client, 3)
        await client.submit([waiting])
        coordinator.die()
        with pytest.raises(ExpertUnavailable, match="no other can be had: No coordinator can be made"):
            await wait_for(client, waiting)
        with pytest.raises(ExpertUnavailable, match="no other can be had"):
            await client.submit([new])
        await client.again(again, since=time.monotonic())
        with pytest.raises(ExpertUnavailable, match="no other can be had"):
            await wait_for(client, again)
        for job in (waiting, again):
            await client.ended(job)
        coordinator.lost = False
        coordinator.knows = False
        (late,) = jobs_of(client, 1)
        await client.submit([late])
        coordinator.grant(late)
        assert await wait_for(client, late) == ["slot-0"], "later work goes on"
    assert {a.job for a in coordinator.restored} == {late}, "what has failed is not told"


async def test_with_no_slot_left_for_long_waiting_work_fails_and_running_work_does_not() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator, no_slot_s=0.1) as client:
        running, waiting = jobs_of(client, 2)
        await client.submit([running, waiting])
        coordinator.grant(running)
        await wait_for(client, running)
        coordinator.inbox.put_nowait(Orders(slots=0))
        await asyncio.sleep(0.15)
        assert client.slots == 1, "slots that come back in time"
        for _ in range(30):
            coordinator.inbox.put_nowait(Orders(slots=0))
            await asyncio.sleep(0.01)
        with pytest.raises(ExpertUnavailable, match="All slots were lost"):
            await wait_for(client, waiting)
        assert await wait_for(client, running) == ["slot-0"]


async def test_closing_while_no_coordinator_can_be_had_fails_submissions_too() -> None:
    coordinator = FakeCoordinator()
    async with started(coordinator) as client:
        coordinator.lost = True
        submitting = asyncio.create_task(client.submit(jobs_of(client, 1)))
        await asyncio.sleep(0.03)
    with pytest.raises(ExpertUnavailable, match="has been closed"):
        await submitting
