"""Admission to a slot: together for one expert, in turn for several."""

import asyncio

from experts.hosting.residency import ResidencyGate


async def _use(gate: ResidencyGate, expert: str, log: list[str], release: asyncio.Event) -> None:
    async with gate.use(expert):
        log.append(expert)
        await release.wait()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_same_expert_runs_together_another_waits() -> None:
    gate, log, release = ResidencyGate(), [], asyncio.Event()  # type: ignore[var-annotated]
    tasks = [asyncio.create_task(_use(gate, name, log, release)) for name in ("a", "a", "b")]
    await _settle()
    assert log == ["a", "a"], "b must wait: nothing is switched under running work"
    release.set()
    await asyncio.gather(*tasks)
    assert log == ["a", "a", "b"]


async def test_newcomers_do_not_overtake_who_waits_for_another_expert() -> None:
    gate, log, release = ResidencyGate(), [], asyncio.Event()  # type: ignore[var-annotated]
    tasks = [asyncio.create_task(_use(gate, name, log, release)) for name in ("a", "b", "a", "b")]
    await _settle()
    assert log == ["a"], "the second a stands behind b"
    release.set()
    await asyncio.gather(*tasks)
    assert log == ["a", "b", "b", "a"], "all that wait for b are admitted together"


async def test_a_cancelled_waiter_leaves_no_hole() -> None:
    gate, log, release = ResidencyGate(), [], asyncio.Event()  # type: ignore[var-annotated]
    first, doomed, third = (asyncio.create_task(_use(gate, name, log, release)) for name in ("a", "b", "c"))
    await _settle()
    doomed.cancel()
    await _settle()
    release.set()
    await asyncio.gather(first, third)
    assert log == ["a", "c"]
    assert doomed.cancelled()


async def test_a_waiter_cancelled_after_admission_gives_its_place_back() -> None:
    gate, log = ResidencyGate(), []  # type: ignore[var-annotated]
    hold, free = asyncio.Event(), asyncio.Event()
    free.set()
    first = asyncio.create_task(_use(gate, "a", log, hold))
    await _settle()
    doomed = asyncio.create_task(_use(gate, "b", log, free))
    third = asyncio.create_task(_use(gate, "c", log, free))
    await _settle()
    hold.set()
    await first  # admits b in this very step
    doomed.cancel()
    await asyncio.wait_for(third, 1)
    assert log[-1] == "c"
