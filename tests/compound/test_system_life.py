"""A running system: threads, event loops, interrupts, and its end."""

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from checks.scripted_systems import Scripted, system_file

from compound.answer import Answer
from compound.event_loop import CLOSED
from compound.system import Compound
from experts.completion import Request
from experts.engines.scripted import Reply
from experts.errors import CompoundError, ConfigError, QueryError, RouterError
from experts.query import Message

SLOW = Reply(text="The answer is 4.", hangs=True)


def test_several_threads_at_once(trio: Scripted) -> None:
    lands = ["France", "Italy"] * 12
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda land: trio.system.answer([f"{land}?", "Italy?"]), lands))
    expected = {"France": "Paris", "Italy": "Rome"}
    assert [r[0].answer for r in results] == [expected[land] for land in lands]
    assert {r[1].answer for r in results} == {"Rome"}


async def test_asynchronous_calls_at_once(trio: Scripted) -> None:
    lands = ["France", "Italy"] * 5
    answers = await asyncio.gather(*(trio.system.aanswer(f"{land}?") for land in lands))
    assert [a[0].answer for a in answers] == ["Paris", "Rome"] * 5


async def test_blocking_and_asynchronous_calls_mixed(trio: Scripted) -> None:
    pending = asyncio.create_task(trio.system.aanswer(["France?", "Italy?"]))
    in_thread = asyncio.create_task(asyncio.to_thread(trio.system.answer, "Italy?"))
    assert trio.system.answer("France?")[0].answer == "Paris"  # blocks this very loop
    assert [a.answer for a in await pending] == ["Paris", "Rome"]
    assert (await in_thread)[0].answer == "Rome"


async def test_errors_are_the_same_for_asynchronous_callers(trio: Scripted) -> None:
    with pytest.raises(QueryError):
        await trio.system.aanswer("")
    with pytest.raises(RouterError):
        await trio.system.aanswer("Italy?", k=9)
    with pytest.raises(ConfigError):
        await trio.system.aanswer("Italy?", router="randm")


async def test_cancelling_ends_the_work_and_leaves_the_system_usable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def moody(request: Request) -> str | Reply:
        return SLOW if "slow" in request.messages[-1].content else "The answer is 4."

    with Scripted(monkeypatch, {"ann": moody}) as scripted:
        task = asyncio.create_task(scripted.system.aanswer("slow?"))
        while not scripted.asked("ann"):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await scripted.system.aanswer("fast?"))[0].answer == "4"
        assert await _until(lambda: not scripted.engines["ann"]._plays)


async def test_cancelling_ends_what_an_aggregator_has_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {"ann": "The answer is 3.", "bob": "The answer is 4.", "judge": SLOW}
    synthesis = {"kind": "synthesis", "expert": "judge"}
    with Scripted(monkeypatch, scripts, helpers=["judge"], aggregator=synthesis, k=2) as scripted:
        task = asyncio.create_task(scripted.system.aanswer("2 + 2?"))
        while not scripted.asked("judge"):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await _until(lambda: not scripted.engines["judge"]._plays)


async def _until(reached: Any) -> bool:
    for _ in range(1000):
        if reached():
            return True
        await asyncio.sleep(0.01)
    return False


def test_ctrl_c_in_the_middle_comes_through_and_all_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, {"ann": SLOW})

    def press() -> None:
        while not scripted.asked("ann"):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), scripted.system as system:
        system.answer("2 + 2?")
    assert time.monotonic() - started < 60
    with pytest.raises(CompoundError, match="closed"):
        scripted.system.answer("2 + 2?")


def test_close_twice_and_use_after_close(trio: Scripted) -> None:
    trio.system.close()
    trio.system.close()
    calls = [
        lambda: trio.system.answer("Italy?"),
        lambda: trio.system.route("Italy?"),
        lambda: trio.system.generate("ann", [[Message("user", "Italy?")]]),
        lambda: trio.system.complete([]),
        lambda: trio.system.switches(),
        lambda: asyncio.run(trio.system.aanswer("Italy?")),
    ]
    for call in calls:
        with pytest.raises(CompoundError, match=CLOSED.split(";")[0]):
            call()


def test_close_from_another_thread_frees_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    results: list[Answer | CompoundError] = []

    def ask(system: Compound) -> None:
        try:
            results.extend(system.answer("2 + 2?"))
        except CompoundError as error:
            results.append(error)

    scripted = Scripted(monkeypatch, {"ann": SLOW})
    thread = threading.Thread(target=ask, args=(scripted.system,))
    thread.start()
    while not scripted.asked("ann"):
        time.sleep(0.01)
    scripted.system.close()
    thread.join(60)
    assert not thread.is_alive()
    (result,) = results
    assert isinstance(result, CompoundError) or result.error, "half an answer must not pass for a whole one"


async def test_close_is_no_cancellation_for_asynchronous_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, {"ann": SLOW})
    task = asyncio.create_task(scripted.system.aanswer("2 + 2?"))
    while not scripted.asked("ann"):
        await asyncio.sleep(0.01)
    await asyncio.to_thread(scripted.system.close)
    try:
        (answer,) = await task
    except CompoundError as error:
        assert "closed" in str(error)
    else:
        assert answer.error is not None


def test_unused_system_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(3):
        with Compound.from_config(system_file(tmp_path)):
            pass
    assert threading.active_count() == before


def test_system_that_cannot_be_built_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    (tmp_path / "x.store").write_text("somebody's letter\n")
    with pytest.raises(ConfigError, match="not a completion store"):
        Compound.from_config(system_file(tmp_path), store=tmp_path / "x.store")
    with pytest.raises(ConfigError, match="There is no configuration"):
        Compound.from_config(tmp_path / "nowhere.yaml")
    assert threading.active_count() == before


def test_two_systems_do_not_share_a_store(tmp_path: Path) -> None:
    path = system_file(tmp_path)
    with (
        Compound.from_config(path, store=tmp_path / "x.store"),
        pytest.raises(ConfigError, match="written by another run"),
    ):
        Compound.from_config(path, store=tmp_path / "x.store")
    Compound.from_config(path, store=tmp_path / "x.store").close()
