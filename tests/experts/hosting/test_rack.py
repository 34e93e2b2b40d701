"""Switches on a slot, step by step, with engine processes that only write down what they are told."""

import asyncio
from collections.abc import Sequence

import pytest
from checks.fake_engines import FOOTPRINT, Workshop, spec

from experts.errors import ExpertTimeout, ExpertUnavailable
from experts.hosting.rack import EngineRack
from experts.scheduling.switches import Switch


def rack_of(workshop: Workshop, parked: int = 0, sleep_level: int = 1) -> EngineRack:
    return EngineRack(workshop.start, parked=parked, sleep_level=sleep_level, timeout_s=1.0, slot="slot-0")


async def visit(rack: EngineRack, keys: Sequence[str], *, can_sleep: bool = True) -> list[Switch | None]:
    return [(await rack.make_resident(spec(key, can_sleep=can_sleep)))[1] for key in keys]


def kinds(switches: Sequence[Switch | None]) -> list[str]:
    return [f"{s.kind}+reload" if s.reloaded else s.kind for s in switches if s]


def faults(rack: EngineRack) -> list[tuple[str, str | None]]:
    return [(fault.kind, fault.expert) for fault in rack.take_faults()]


async def test_one_family_needs_one_process_and_what_is_resident_needs_nothing() -> None:
    workshop = Workshop()
    switches = await visit(rack_of(workshop), ["a", "a", "a2", "a"])
    assert kinds(switches) == ["new_process", "reload", "reload"] and switches[1] is None
    assert workshop.log == ["1 load a", "1 load a2", "1 load a"]


async def test_another_family_is_built_in_the_warm_process_where_nothing_is_parked() -> None:
    workshop = Workshop()
    rack = rack_of(workshop)
    assert kinds(await visit(rack, ["a", "b", "b2"])) == ["new_process", "new_engine", "reload"]
    assert workshop.log == ["1 load a", "1 load b", "1 load b2"]
    assert (rack.state().expert, rack.state().family, rack.state().parked) == ("b2", "B", ())


async def test_a_reload_that_turned_into_a_new_engine_is_counted_as_one() -> None:
    workshop = Workshop()
    workshop.fallback = {"a2"}
    assert kinds(await visit(rack_of(workshop), ["a", "a2"])) == ["new_process", "new_engine"]


async def test_a_parked_family_is_woken_after_the_other_one_sleeps() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    assert kinds(await visit(rack, ["a", "b", "a"])) == ["new_process", "new_process", "wake"]
    assert workshop.log == ["1 load a", "1 sleep 1", "2 load b", "2 sleep 1", "1 wake"]
    assert (rack.state().expert, rack.state().parked) == ("a", (("B", "b"),))
    assert rack.process is workshop.made[0]


async def test_another_expert_of_a_parked_family_costs_a_wake_and_a_reload() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    assert kinds(await visit(rack, ["a", "b", "a2"]))[-1] == "wake+reload"
    assert workshop.log[-3:] == ["2 sleep 1", "1 wake", "1 load a2"]


async def test_level_2_drops_the_weights_so_that_waking_reloads() -> None:
    workshop = Workshop()
    switches = await visit(rack_of(workshop, parked=1, sleep_level=2), ["a", "b", "a", "a"])
    assert kinds(switches) == ["new_process", "new_process", "wake+reload"]
    assert workshop.log[-2:] == ["1 wake", "1 load a"]


async def test_an_engine_that_cannot_sleep_keeps_its_weights_at_any_level() -> None:
    workshop = Workshop()
    switches = await visit(rack_of(workshop, parked=1, sleep_level=2), ["a", "b", "a"], can_sleep=False)
    assert kinds(switches)[-1] == "wake"


async def test_beyond_its_room_the_rack_ends_what_sleeps_longest() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=2)
    await visit(rack, ["a", "b", "c", "a", "d"])
    assert [p.alive for p in workshop.made] == [True, False, True, True], "b was left before a was again"
    assert rack.state().parked == (("C", "c"), ("A", "a"))
    await rack.close()
    assert not any(p.alive for p in workshop.made) and rack.state().family is None


async def test_two_families_in_turn_never_end_each_other() -> None:
    workshop = Workshop()
    switches = await visit(rack_of(workshop, parked=1), ["a", "b"] * 5)
    assert kinds(switches) == ["new_process"] * 2 + ["wake"] * 8
    assert len(workshop.made) == 2


async def test_an_engine_that_keeps_its_memory_is_ended_and_reported() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a"])
    workshop.freed = FOOTPRINT // 2
    assert kinds(await visit(rack, ["b"])) == ["new_process"]
    assert workshop.log == ["1 load a", "1 sleep 1", "1 kill", "2 load b"]
    assert faults(rack) == [("memory_not_freed", "expert a")] and faults(rack) == []
    assert rack.state().parked == ()


async def test_an_engine_that_does_not_fall_asleep_is_ended_and_the_next_one_starts() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    workshop.fail("sleep 1", ExpertTimeout("too long"))
    await visit(rack, ["a", "b"])
    assert workshop.log == ["1 load a", "1 sleep 1", "1 kill", "2 load b"]
    assert faults(rack) == [("load_failed", "expert a")]


async def test_a_load_that_fails_is_tried_once_more_with_nothing_beside_it() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a", "b"])
    workshop.fail("load b2", ExpertUnavailable("out of memory"))
    assert kinds(await visit(rack, ["b2"])) == ["new_process"]
    assert workshop.log[3:] == ["2 load b2", "2 kill", "1 close", "3 load b2"]
    assert faults(rack) == [("load_failed", "expert b2")]
    assert (rack.state().expert, rack.state().parked) == ("b2", ())


async def test_a_wake_that_fails_is_followed_by_a_fresh_process() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    workshop.fail("wake", ExpertUnavailable("no memory"))
    assert kinds(await visit(rack, ["a", "b", "a"]))[-1] == "new_process"
    assert workshop.log[-4:] == ["1 wake", "1 kill", "2 close", "3 load a"]


@pytest.mark.parametrize("before", [[], ["b"]], ids=["at first", "after another"])
async def test_what_a_fresh_process_cannot_load_is_an_error(before: list[str]) -> None:
    workshop = Workshop()
    rack = rack_of(workshop)
    await visit(rack, before)
    workshop.fail("load a", *[ExpertUnavailable("broken")] * 3)
    with pytest.raises(ExpertUnavailable, match="broken"):
        await rack.make_resident(spec("a"))
    assert workshop.log.count("1 load a") == 1 and len(workshop.made) == 1 + len(before)
    assert not any(p.alive for p in workshop.made) and rack.process is None
    assert kinds(await visit(rack, ["b"])) == ["new_process"], "others go on"


async def test_a_timeout_is_raised_at_once_and_leaves_what_is_parked() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a", "b"])
    workshop.fail("load b2", ExpertTimeout("too long"))
    with pytest.raises(ExpertTimeout):
        await rack.make_resident(spec("b2"))
    assert [p.alive for p in workshop.made] == [True, False]
    assert (rack.state().family, rack.state().parked) == (None, (("A", "a"),))
    assert kinds(await visit(rack, ["a"])) == ["wake"]


async def test_a_switch_that_is_broken_off_leaves_no_process_behind() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a"])
    for call in ("sleep 1", "load b"):
        workshop.fail(call, asyncio.CancelledError())
        with pytest.raises(asyncio.CancelledError):
            await rack.make_resident(spec("b"))
        assert rack.process is None and not any(p.alive for p in workshop.made)


async def test_a_parked_process_that_dies_is_forgotten() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a", "b"])
    first, second = workshop.made
    assert not rack.drop(first), "it was not the one that works"
    assert rack.state().parked == () and rack.process is second
    assert kinds(await visit(rack, ["a"])) == ["new_process"]
    assert rack.drop(workshop.made[2]) and rack.state().family is None


async def test_a_parked_process_may_die_while_the_other_one_falls_asleep() -> None:
    workshop = Workshop()
    rack = rack_of(workshop, parked=1)
    await visit(rack, ["a", "b"])
    switching = asyncio.create_task(visit(rack, ["a"]))
    while workshop.log[-1] != "2 sleep 1":
        await asyncio.sleep(0)
    rack.drop(workshop.made[0])
    assert kinds(await switching) == ["new_process"]
