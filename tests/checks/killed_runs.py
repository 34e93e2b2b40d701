"""Runs `compound` in processes of their own and kills them at a chosen moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from eval.reports.build import read_report

_TICK_S = 0.005
_PATIENCE_S = 600.0
_COURSE = ("<!-- course -->", "<!-- /course -->")


def finished(args: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A command that runs to its end."""
    return subprocess.run(
        [sys.executable, "-m", "compound", *args],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )


def killed_after(args: Sequence[str], seconds: float) -> bool:
    """Kill -9 after so many seconds; False: it had ended before."""
    with _started(args) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def killed_at(args: Sequence[str], store: Path, lines: int) -> bool:
    """Kill -9 as soon as so many completions are kept; False: it ended before they were."""
    return stopped_at(args, store, lines, signal.SIGKILL) is not None


def stopped_at(args: Sequence[str], store: Path, lines: int, how: signal.Signals) -> int | None:
    """Send a signal as soon as so many completions are kept.

    Returns:
        The exit code; None: it ended before they were.
    """
    deadline = time.monotonic() + _PATIENCE_S
    with _started(args) as process:
        while process.poll() is None:
            if kept(store) >= lines or time.monotonic() > deadline:
                process.send_signal(how)
                return process.wait(_PATIENCE_S)
            time.sleep(_TICK_S)
    return None


def _started(args: Sequence[str]) -> subprocess.Popen[bytes]:
    # Its output may fill no pipe that nobody reads.
    return subprocess.Popen(
        [sys.executable, "-m", "compound", *args],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kept(store: Path) -> int:
    """Lines of a store, a torn last one not counted."""
    return store.read_bytes().count(b"\n") if store.exists() else 0


def without_course(folder: Path) -> dict[str, str]:
    """What equal runs must have equal: file -> content, without what tells how the run went."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    before, sign, rest = page.partition(_COURSE[0])
    _, end, after = rest.partition(_COURSE[1])
    assert sign and end, "the page does not mark how the run went"
    report = read_report(folder / "report.json").model_copy(update={"course": None})
    return {
        "manifest": (folder / "manifest.json").read_text(encoding="utf-8"),
        "rows": (folder / "rows.jsonl").read_text(encoding="utf-8"),
        "matrix": (folder / "matrix.parquet").read_bytes().hex(),
        "report": report.model_dump_json(exclude={"course"}),
        "page": before + after,
    }
