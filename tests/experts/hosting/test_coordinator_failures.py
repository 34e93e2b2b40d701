"""The coordinator when slots, clients or itself are lost, or there is no room."""

import asyncio
import os

import pytest
from checks.hosted_slots import Hosted, hosted_slots, job, until

from experts.hosting import coordinator as module
from experts.hosting.orders import Accepted


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slots are looked at all the time."""
    monkeypatch.setattr(module, "_TEND_S", 0.01)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the coordinator would have ended its process."""
    ended: list[int] = []

    def end(status: int) -> None:
        ended.append(status)
        raise asyncio.CancelledError  # nothing goes on in that process

    monkeypatch.setattr(os, "_exit", end)
    return ended


async def forgotten(hosted: Hosted, client: str) -> bool:
    return not await hosted.coordinator.submit(client, hosted.incarnation, [])


# --- slots ---------------------------------------------------------------------------------


async def test_a_lost_slot_is_replaced_and_its_work_can_be_had_again() -> None:
    async with hosted_slots(1) as hosted:
        await hosted.join("x")
        await hosted.submit("x", job("a1"), job("b1", "b"))
        assert await hosted.granted("x") == {"a1": "slot-0"}
        hosted.keeper.made[0].alive = False
        await until(lambda: len(hosted.keeper.made) == 2)
        assert (await hosted.coordinator.status()).lost_slots == 1
        (grant,) = (await hosted.orders("x", 5.0)).grants
        assert (grant.job_id, grant.actor) == ("b1", hosted.keeper.made[1]), "what waited goes on there"
        await hosted.ended("x", "a1", trouble="slot-0")
        again = job("a2", avoid=frozenset({"slot-0"}))
        await hosted.restore("x", Accepted(job=again, waited_s=3.0))
        await hosted.ended("x", "b1")
        assert await hosted.granted("x", 5.0) == {"a2": "slot-0"}, "there is no other slot"
        assert (await hosted.coordinator.status()).lost_slots == 1, "the new slot is well"


async def test_work_of_a_lost_slot_goes_to_another_one() -> None:
    async with hosted_slots(2) as hosted:
        await hosted.join("x")
        await hosted.submit("x", job("a1"))
        (slot,) = (await hosted.granted("x")).values()
        await hosted.ended("x", "a1", trouble=slot)
        again = job("a2", avoid=frozenset({slot}))
        await hosted.restore("x", Accepted(job=again, waited_s=3.0))
        assert set((await hosted.granted("x", 5.0)).values()) == {"slot-0", "slot-1"} - {slot}


async def test_a_slot_that_failed_with_a_job_is_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TEND_S", 60.0)
    async with hosted_slots(1) as hosted:
        await hosted.join("x")
        await hosted.submit("x", job("a1"))
        hosted.keeper.made[0].alive = False
        await hosted.ended("x", "a1", trouble="slot-0")
        await until(lambda: len(hosted.keeper.made) == 2)
        assert (await hosted.coordinator.status()).lost_slots == 1


async def test_what_an_idle_slot_really_holds_is_believed() -> None:
    async with hosted_slots(2) as hosted:
        await hosted.join("x")
        hosted.keeper.made[1].expert = "b"
        await asyncio.sleep(0.05)
        await hosted.submit("x", job("b1", "b"))
        assert await hosted.granted("x") == {"b1": "slot-1"}


async def test_where_there_is_too_little_room_the_first_client_is_told() -> None:
    async with hosted_slots(2) as hosted:
        hosted.keeper.roomless = {"slot-1"}
        joined = await hosted.join("x")
        assert joined.slots == 1 and joined.problem is not None
        assert "no room for 2 slots of 1 CPUs and 0 GPUs each" in joined.problem
        assert (await hosted.join("y")).problem is None, "what has run once is not refused to others"


async def test_the_first_client_waits_for_all_slots_one_that_returns_for_one() -> None:
    async with hosted_slots(2) as hosted:
        hosted.keeper.late = {"slot-1"}
        first = asyncio.create_task(hosted.join("x"))
        await asyncio.sleep(0.05)
        assert not first.done()
        hosted.keeper.made[1].up.set()
        assert (await first).slots == 2
    async with hosted_slots(2) as rebuilt:
        rebuilt.keeper.late = {"slot-1"}
        joined = await asyncio.wait_for(rebuilt.join("x", returning=True), 1.0)
        assert (joined.slots, joined.problem) == (1, None)


async def test_a_client_that_waits_long_for_its_slots_is_not_taken_for_gone(
    monkeypatch: pytest.MonkeyPatch, ends: list[int]
) -> None:
    monkeypatch.setattr(module, "_SILENT_S", 0.3)
    async with hosted_slots(1) as hosted:
        hosted.keeper.late = {"slot-0"}
        joining = asyncio.create_task(hosted.join("x"))
        await asyncio.sleep(0.7)
        hosted.keeper.made[0].up.set()
        assert (await joining).slots == 1 and ends == []


# --- clients -------------------------------------------------------------------------------


async def test_a_client_that_is_silent_is_forgotten_with_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENT_S", 0.3)
    async with hosted_slots(1) as hosted:
        await hosted.join("silent", "alive")
        await hosted.submit("silent", job("a1"), job("b1", "b"))
        await hosted.submit("alive", job("c1", "c"))
        assert await hosted.granted("alive", 0.05) == {}
        granted: dict[str, str] = {}
        async with asyncio.timeout(5):
            while not granted:
                granted = await hosted.granted("alive", 0.02)
        assert granted == {"c1": "slot-0"}
        assert await forgotten(hosted, "silent") and not await forgotten(hosted, "alive")
        assert await hosted.counts() == (0, 1)


async def test_the_last_client_that_falls_silent_ends_everything(
    monkeypatch: pytest.MonkeyPatch, ends: list[int]
) -> None:
    monkeypatch.setattr(module, "_SILENT_S", 0.05)
    async with hosted_slots(2) as hosted:
        await hosted.join("x")
        await until(lambda: ends == [0])
        assert sorted(hosted.keeper.closed) == ["slot-0", "slot-1"]


async def test_with_the_last_client_all_slots_end_those_on_their_way_too() -> None:
    async with hosted_slots(2) as hosted:
        await hosted.join("x", "y")
        assert await hosted.coordinator.leave("x") == 1 and hosted.keeper.closed == []
        hosted.keeper.late = {"slot-1"}
        hosted.keeper.made[1].alive = False
        await until(lambda: len(hosted.keeper.made) == 3)
        assert await hosted.coordinator.leave("y") == 0
        assert hosted.keeper.closed == ["slot-0"]
        assert not any(slot.alive for slot in hosted.keeper.made)
        assert await hosted.coordinator.leave("y") == 0, "leaving twice does no harm"


async def test_clients_of_another_coordinator_must_join() -> None:
    async with hosted_slots(1) as hosted:
        await hosted.join("x")
        for client, incarnation in (("x", "another"), ("stranger", hosted.incarnation)):
            known = hosted.coordinator
            assert not await known.submit(client, incarnation, [job("a1")])
            assert not await known.restore(client, incarnation, [Accepted(job=job("a1"), waited_s=0.0)])
            assert await known.orders(client, incarnation, 5.0) is None
            await known.ended(client, incarnation, "a1", None)
            await known.withdraw(client, incarnation, ["a1"])
        assert await hosted.counts() == (0, 0)


# --- accepted work -------------------------------------------------------------------------


async def test_restored_work_keeps_its_age_its_slot_and_is_never_refused() -> None:
    async with hosted_slots(1, max_queued=1, max_wait_s=10.0) as hosted:
        await hosted.join("x", returning=True)
        await hosted.restore(
            "x",
            Accepted(job=job("run", "a"), waited_s=30.0, slot="slot-0"),
            Accepted(job=job("young", "b", requests=9), waited_s=1.0),
            Accepted(job=job("old", "c", requests=9), waited_s=20.0),
        )
        assert await hosted.counts() == (2, 1) and await hosted.granted("x") == {}
        await hosted.ended("x", "run")
        assert await hosted.granted("x", 1.0) == {"old": "slot-0"}, "past its bound it is not overtaken"


async def test_telling_twice_changes_nothing() -> None:
    async with hosted_slots(1) as hosted:
        await hosted.join("x", returning=True)
        told = Accepted(job=job("b1", "b"), waited_s=1.0)
        await hosted.restore("x", Accepted(job=job("a1"), waited_s=1.0, slot="slot-0"), told)
        await hosted.restore("x", told)
        await hosted.submit("x", job("b1", "b"))
        assert await hosted.counts() == (1, 1)


async def test_a_grant_that_was_not_heard_of_is_given_again() -> None:
    async with hosted_slots(1) as hosted:
        await hosted.join("x")
        await hosted.submit("x", job("a1"))
        assert await hosted.granted("x") == {"a1": "slot-0"}, "and let this answer be lost"
        await hosted.join("x", returning=True)
        await hosted.restore("x", Accepted(job=job("a1"), waited_s=1.0))
        assert await hosted.granted("x") == {"a1": "slot-0"}
        assert await hosted.counts() == (0, 1)


async def test_work_on_a_slot_that_comes_later_may_end_before_it_is_granted_again() -> None:
    async with hosted_slots(2) as hosted:
        hosted.keeper.late = {"slot-1"}
        await hosted.join("x", returning=True)
        await hosted.submit("x", job("a1", requests=2000))
        await hosted.restore("x", Accepted(job=job("b1", "b"), waited_s=1.0, slot="slot-1"))
        assert await hosted.counts() == (1, 1)
        await hosted.ended("x", "b1")
        await hosted.ended("x", "a1")
        assert await hosted.granted("x") == {"a1": "slot-0"}
        await hosted.submit("x", job("c1", "c"))
        assert await hosted.granted("x", 1.0) == {"c1": "slot-0"}
