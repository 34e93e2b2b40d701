"""Keeps the process that compares expressions: starts it when it is needed, again when it died.

Knows no mathematics; `math_worker` does, and says why it must be a process of its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import weakref
from functools import partial

from experts.errors import AggregationError

_logger = logging.getLogger(__name__)


class MathProcess:
    """Asks one worker process, from any thread; one comparison at a time.

    Args:
        seconds: longest time for one comparison.
        max_bytes: most address space of the process.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self.starts = 0
        """How often a process was started; more than 1: so many less one died."""
        self._command = [
            *(sys.executable, "-m", "aggregators.equivalence.math_worker"),
            *(repr(seconds), str(max_bytes)),
        ]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._stop = weakref.finalize(self, lambda: None)

    def same(self, a: str, b: str) -> bool | None:
        """Whether two expressions have the same value; None: it took too long or too much memory.

        Raises:
            AggregationError: the process cannot be started.
        """
        with self._lock:
            process = self._process or self._start()
            try:
                answer = _ask(process, json.dumps([a, b]))
            except BaseException:  # Ctrl-C: its answer must not be taken for that of the next question
                self._close()
                raise
            if answer in ("0", "1"):
                return answer == "1"
            self._close()
        _logger.debug("Comparing %r with %r ended its process.", a, b)
        return None

    def close(self) -> None:
        """End the process; a later comparison starts another."""
        with self._lock:
            self._close()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self.starts += 1
        self._process = process
        self._stop = weakref.finalize(self, partial(_end, process))
        if process.stdout is None or process.stdout.readline() != "ready\n":
            self._close()
            raise AggregationError(
                f"The process that compares mathematical answers did not start (exit status "
                f"{process.returncode}). Raise `memory_gib`, or use `equivalence: {{kind: exact}}`."
            )
        return process

    def _close(self) -> None:
        self._stop()
        self._process = None


def _ask(process: subprocess.Popen[str], line: str) -> str:
    """The process's answer; "" where it died over it."""
    if process.stdin is None or process.stdout is None:
        return ""
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()
    except OSError:  # a broken pipe: it was dead already
        return ""


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what could not be written to a dead process
                stream.close()
