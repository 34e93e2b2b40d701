"""The loop in a thread: results and errors come back, and nobody waits for ever."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from compound.event_loop import BackgroundLoop
from experts.errors import CompoundError


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.close()


async def _give(value: int, delay_s: float = 0.0) -> int:
    await asyncio.sleep(delay_s)
    return value


async def _fail() -> None:
    raise ValueError("as planned")


async def _threads_name() -> str:
    return threading.current_thread().name


def test_work_runs_in_another_thread_and_its_result_comes_back(loop: BackgroundLoop) -> None:
    assert loop.run(_give(7)) == 7
    assert loop.run(_threads_name()) == "compound" != threading.current_thread().name


def test_errors_come_back(loop: BackgroundLoop) -> None:
    with pytest.raises(ValueError, match="as planned"):
        loop.run(_fail())
    assert loop.run(_give(1)) == 1


async def test_blocking_call_works_inside_a_running_loop(loop: BackgroundLoop) -> None:
    assert loop.run(_give(7)) == 7
    assert await asyncio.wrap_future(loop.submit(_give(8))) == 8


def test_close_twice_and_use_after_close(loop: BackgroundLoop) -> None:
    loop.close()
    loop.close()
    with pytest.raises(CompoundError, match="closed"):
        loop.run(_give(1))
    with pytest.raises(CompoundError, match="closed"):
        loop.submit(_give(1))


def test_close_ends_the_thread_and_frees_who_waits(loop: BackgroundLoop) -> None:
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            loop.run(_give(1, delay_s=600))
        except CompoundError as error:
            caught.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    loop.close()
    waiting.join(timeout=20)
    assert not waiting.is_alive()
    assert len(caught) == 1
    assert "closed" in str(caught[0])
    assert not [t for t in threading.enumerate() if t.name == "compound" and t is loop._thread]


def test_blocking_call_from_its_own_thread_is_refused(loop: BackgroundLoop) -> None:
    async def inner() -> None:
        loop.run(_give(1))

    with pytest.raises(RuntimeError, match="own thread"):
        loop.run(inner())


def test_interrupt_cancels_the_work_and_goes_on(
    loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    future = loop.submit(long())
    loop.run(_give(0))  # the work has started

    class Interrupted:
        def result(self) -> None:
            raise KeyboardInterrupt

        def cancel(self) -> None:
            future.cancel()

    with pytest.raises(KeyboardInterrupt):
        loop.wait(Interrupted())  # type: ignore[arg-type]
    assert ended.wait(20)
    assert loop.run(_give(1)) == 1


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_work_that_exits_does_not_take_the_loop_along(
    loop: BackgroundLoop, kind: type[BaseException]
) -> None:
    async def leave() -> None:
        raise kind

    with pytest.raises(kind):
        loop.run(leave())
    assert loop.run(_give(1)) == 1
