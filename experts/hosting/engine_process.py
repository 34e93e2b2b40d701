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

from experts.errors import ExpertError, ExpertTimeout, ExpertUnavailable
from experts.hosting.messages import Command, EngineSpec, Event, Load, Loaded, LoadFailed, Shutdown

_CLOSE_WAIT_S = 3.0
"""Bound on ending in order; there is nothing to lose by killing after it."""
_LOG_TAIL = 400


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
        self._load_result: asyncio.Future[Loaded] | None = None
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
        self._load_result = self._loop.create_future()
        try:
            await self.send(Load(spec))
            return await asyncio.wait_for(asyncio.shield(self._load_result), timeout_s)
        except TimeoutError as error:
            await self.kill()
            raise ExpertTimeout(
                f"Expert {spec.expert!r} did not start within {timeout_s:g} s and its engine was killed. "
                "Raise hosting.start_timeout_s if it only needs longer."
            ) from error
        finally:
            self._load_result = None

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
            if isinstance(event, Loaded | LoadFailed):
                self._resolve_load(event)
            else:
                self._on_event(event)

    def _resolve_load(self, event: Loaded | LoadFailed) -> None:
        future = self._load_result
        if future is None or future.done():
            return
        if isinstance(event, Loaded):
            future.set_result(event)
        else:
            future.set_exception(ExpertUnavailable(event.error))

    def _ended(self) -> None:
        if self._load_result is not None and not self._load_result.done():
            problem = f"The engine process ended while loading. {self.log_tail()}"
            self._load_result.set_exception(ExpertUnavailable(problem))
        self._on_end(self)
