"""A child process that is given settings and answers in lines of JSON, as `bare_vllm` does.

It runs in a session of its own, so that what vLLM starts beneath it ends with it. Knows no vLLM.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from experts.errors import ExpertUnavailable

_LONGEST_LINE = 2**26


class JsonChild:
    """A running child."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log

    async def read(self) -> dict[str, Any]:
        """Its next line.

        Raises:
            ExpertUnavailable: it has ended.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise ExpertUnavailable(f"The child process ended; its log is {self._log}.")
        result: dict[str, Any] = json.loads(line)
        return result

    async def ask(self, value: Any) -> dict[str, Any]:
        """Send it a line and read its answer; raises as `read`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        with contextlib.suppress(ConnectionError):  # it has ended, and `read` says so
            await self._process.stdin.drain()
        return await self.read()


@asynccontextmanager
async def json_child(
    module: str, settings: Mapping[str, Any], environment: Mapping[str, str], log: Path
) -> AsyncIterator[JsonChild]:
    """Start `python -m module SETTINGS`; it is killed at the end.

    Args:
        module: prints JSON lines on standard output and nothing else.
        settings: its only argument, as JSON.
        environment: put on top of this process's own.
        log: file for what it says on standard error.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            json.dumps(settings),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
    try:
        yield JsonChild(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
