"""An event loop in a thread of its own, so that one system serves blocking and asynchronous callers.

Engines keep connections and tasks between calls, and those belong to one loop; the user's loop (or
a notebook's, which is always running) is left alone.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from experts.errors import CompoundError

_T = TypeVar("_T")

CLOSED = "The system has been closed; make a new one with Compound.from_config()."
_PATIENCE_S = 10.0
"""How long `close` waits for cancelled work to be gone."""


class BackgroundLoop:
    """A running event loop; starts at once, ends with `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="compound", daemon=True)
        self._gate = threading.Lock()
        self._closed = self._stopping = False
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                # Raised by work, such as a callback that calls sys.exit(). Asyncio hands it to who
                # waits for the work, but stops the loop too, and then all others wait for ever.
                continue

    def submit(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Start `work` in the loop.

        Raises:
            CompoundError: the loop is closed.
        """
        with self._gate:  # nothing may be handed to a loop that is just being stopped: it would wait for ever
            if self._closed:
                work.close()
                raise CompoundError(CLOSED)
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run `work` and wait. On Ctrl-C the work is cancelled and the interrupt passed on.

        Raises:
            CompoundError: the loop is closed, before or meanwhile.
            RuntimeError: called from the loop's own thread, where it would wait for itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("A blocking call from the system's own thread would wait for itself for ever.")
        return self.wait(self.submit(work))

    def wait(self, future: concurrent.futures.Future[_T]) -> _T:
        """Result of submitted work; errors as of `run`."""
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise CompoundError("The work was cancelled, since the system was closed meanwhile.") from error
        except BaseException:  # Ctrl-C, or what another signal handler raises
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what is running and stop the loop; closing twice is allowed."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        try:
            asyncio.run_coroutine_threadsafe(self._wind_down(), self._loop).result()
        finally:
            self._stopping = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _wind_down(self) -> None:
        """End all tasks: who waits for one in another thread would else wait for ever."""
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=_PATIENCE_S)
        await self._loop.shutdown_asyncgens()
