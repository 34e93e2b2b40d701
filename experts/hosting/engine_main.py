"""Main program of an engine process: commands in from the slot, engine steps, events out.

Started by `engine_process` as `python -m experts.hosting.engine_main FD`; ends when told to or when
the slot's end of the pipe closes, so that it never outlives its slot. Knows vLLM only through
`vllm_adapter`.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from experts.errors import ExpertError
from experts.hosting.messages import (
    Abort,
    Beat,
    Command,
    Event,
    Load,
    LoadFailed,
    Rejected,
    Shutdown,
    Sleep,
    Submit,
    Wake,
)
from experts.hosting.vllm_adapter import VllmAdapter

_log = logging.getLogger(__name__)
_BEAT_S = 1.0


def serve(connection: Connection) -> None:
    """Run until `Shutdown` or the end of the pipe."""
    adapter = VllmAdapter()
    beaten = 0.0
    while True:
        # With work in hand only glance at the pipe; without, wait for a command.
        while connection.poll(0 if adapter.busy else None):
            command: Command = connection.recv()
            if isinstance(command, Shutdown):
                adapter.shutdown()
                return
            _send(connection, _handle(adapter, command))
        if not adapter.busy:
            continue
        events: list[Event] = list(adapter.step())
        if time.monotonic() - beaten > _BEAT_S:
            beaten = time.monotonic()
            events.append(Beat())
        _send(connection, events)


def _handle(adapter: VllmAdapter, command: Command) -> list[Event]:
    if isinstance(command, Load | Sleep | Wake):
        return [_change(adapter, command)]
    if isinstance(command, Submit):
        events: list[Event] = []
        for request in command.requests:
            try:
                adapter.add(request)
            except ExpertError as error:
                events.append(Rejected(request.id, str(error)))
        return events
    if isinstance(command, Abort):
        return list(adapter.abort(command.ids))
    raise TypeError(f"unknown command {command!r}")


def _change(adapter: VllmAdapter, command: Load | Sleep | Wake) -> Event:
    """Change what the engine holds; every such command is answered by exactly one event."""
    try:
        if isinstance(command, Load):
            return adapter.load(command.spec)
        return adapter.sleep(command.level) if isinstance(command, Sleep) else adapter.wake()
    except Exception as error:  # noqa: BLE001  # vLLM raises anything; the slot decides what to do
        _log.exception("%s failed", command)
        return LoadFailed(f"{type(error).__name__}: {error}")


def _send(connection: Connection, events: Sequence[Event]) -> None:
    if events:
        connection.send(list(events))


def main() -> None:
    """Entry point; the pipe's file descriptor is the only argument."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    with Connection(int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            _log.info("the slot is gone; ending")
    # Nothing is left to be saved, and torch takes seconds to tear the interpreter down.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
