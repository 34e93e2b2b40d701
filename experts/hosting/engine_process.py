"""The slot's handle on one engine process: start, talk, notice death and hanging, kill.

Asynchronous; a reader thread passes events into the slot's event loop. Knows nothing of experts'
texts and of what is resident.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from experts.errors import ExpertError, ExpertTimeout, ExpertUnavailable
from experts.hosting.messages import (
    Awake,
    Command,
    EngineSpec,
    Event,
    Load,
    Loaded,
    LoadFailed,
    Shutdown,
    Sleep,
    Slept,
    Wake,
)

_CLOSE_WAIT_S = 3.0
"""Bound on ending in order; there is nothing to lose by killing after it."""
_LOG_TAIL = 400

_Result = Loaded | Slept | Awake
_R = TypeVar("_R", Loaded, Slept, Awake)


class EngineProcess:
    """A running `engine_main`; events other than load results go to `on_event`."""

    def __init__(
        self,
        environment: dict[str, str],
        on_event: Callable[[Event], None],
        on_end: Callable[[EngineProcess], None],
    ) -> None:
        """Start the process.

        Args:
            environment: variables put on top of this process's own.
            on_event: called in the event loop for every event of running work.
            on_end: called in the event loop once, when the process has gone, however it went.
        """
        self._loop = asyncio.get_running_loop()
        self._on_event, self._on_end = on_event, on_end
        self._result: asyncio.Future[_Result] | None = None
        self.last_sign_of_life = time.monotonic()
        """Monotonic seconds of the last event."""
        descriptor, self.log_path = tempfile.mkstemp(prefix="compound-engine-", suffix=".log")
        ours, theirs = socket.socketpair()
        with theirs, os.fdopen(descriptor, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "experts.hosting.engine_main", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                # Ctrl-C in a terminal must reach the user's program alone, which then ends us in order.
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self._send_lock = threading.Lock()
        threading.Thread(target=self._read, name="engine-events", daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    async def load(self, spec: EngineSpec, timeout_s: float) -> Loaded:
        """Make an expert resident.

        Raises:
            ExpertTimeout: not within `timeout_s`; the process has been killed.
            ExpertUnavailable: vLLM could not do it, or the process died.
        """
        return await self._ask(Load(spec), Loaded, timeout_s, f"Expert {spec.expert!r} did not start")

    async def sleep(self, level: int, timeout_s: float) -> Slept:
        """Put the engine to sleep; raises as `load`."""
        return await self._ask(Sleep(level), Slept, timeout_s, "An engine did not fall asleep")

    async def wake(self, timeout_s: float) -> Awake:
        """Wake the engine; raises as `load`."""
        return await self._ask(Wake(), Awake, timeout_s, "An engine did not wake up")

    async def _ask(self, command: Command, expected: type[_R], timeout_s: float, problem: str) -> _R:
        self._result = self._loop.create_future()
        try:
            await self.send(command)
            result = await asyncio.wait_for(asyncio.shield(self._result), timeout_s)
        except TimeoutError as error:
            await self.kill()
            raise ExpertTimeout(
                f"{problem} within {timeout_s:g} s and its process was killed. "
                "Raise hosting.start_timeout_s if it only needs longer."
            ) from error
        finally:
            self._result = None
        if not isinstance(result, expected):
            raise ExpertUnavailable(f"The engine process answered {result!r}; this is a defect.")
        return result

    async def send(self, command: Command) -> None:
        """Pass a command on.

        Raises:
            ExpertUnavailable: the process has gone.
        """
        try:
            # The pipe may be full while the engine is inside a step: never block the event loop.
            await asyncio.to_thread(self._send, command)
        except OSError as error:
            raise ExpertUnavailable(f"The engine process has ended. {self.log_tail()}") from error

    def _send(self, command: Command) -> None:
        with self._send_lock:
            self._connection.send(command)

    async def close(self) -> None:
        """End the process in order, or kill it after a short wait."""
        with contextlib.suppress(ExpertError, TimeoutError):
            await asyncio.wait_for(self.send(Shutdown()), _CLOSE_WAIT_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, _CLOSE_WAIT_S)
        await self.kill()

    async def kill(self) -> None:
        """Kill the process, if it still runs, and wait until it has gone."""
        if self.alive:
            # The whole session: on a GPU vLLM runs worker processes of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)
        with contextlib.suppress(OSError):
            os.unlink(self.log_path)

    def log_tail(self) -> str:
        """The last error of the process's log, for a message; empty where there is none."""
        with contextlib.suppress(OSError):
            lines = Path(self.log_path).read_text(encoding="utf-8", errors="replace").splitlines()
            errors = [line for line in lines if "Error" in line]
            if errors:
                return f"Its last error: {errors[-1].strip()[-_LOG_TAIL:]}"
        return ""

    # --- reader thread ---------------------------------------------------------------------

    def _read(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._call(self._dispatch, self._connection.recv())
        self._call(self._ended)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens any more
            self._loop.call_soon_threadsafe(function, *arguments)

    def _dispatch(self, events: list[Event]) -> None:
        self.last_sign_of_life = time.monotonic()
        for event in events:
            if isinstance(event, Loaded | Slept | Awake | LoadFailed):
                self._resolve(event)
            else:
                self._on_event(event)

    def _resolve(self, event: _Result | LoadFailed) -> None:
        future = self._result
        if future is None or future.done():
            return
        if isinstance(event, LoadFailed):
            future.set_exception(ExpertUnavailable(event.error))
        else:
            future.set_result(event)

    def _ended(self) -> None:
        if self._result is not None and not self._result.done():
            problem = f"The engine process ended while loading. {self.log_tail()}"
            self._result.set_exception(ExpertUnavailable(problem))
        self._on_end(self)
