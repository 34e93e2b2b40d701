"""Shows how a run gets on: a bar with rate, time left and live accuracy, or a line now and then.

On standard error; a terminal gets bars, a file or a pipe a line every half minute. Knows no question.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from compound.progress import OnProgress

EVERY_S = 30.0
"""Seconds between lines where there is no terminal."""
Words = Callable[[], str]
"""What is said of the results so far."""


@contextmanager
def run_progress(words: Words) -> Iterator[OnProgress]:
    """A view of stages; bars are gone when done."""
    screen = Console(file=sys.stderr)
    if not screen.is_terminal:
        yield _Lines(words, time.monotonic)
        return
    with _bars(screen) as bars:
        tasks: dict[str, Task] = {}
        starting = bars.add_task("starting", total=None, words="")

        def show(stage: str, done: int, total: int) -> None:
            bars.update(starting, visible=False)
            if stage not in tasks:
                made = bars.add_task(stage, total=total, words="")
                tasks[stage] = next(task for task in bars.tasks if task.id == made)
            bars.update(tasks[stage].id, completed=done, total=total, words=words())

        yield show


def _bars(screen: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
        console=screen,
        transient=True,
    )


class _Rate(TextColumn):
    """Pieces of work a second, over the last half minute."""

    def __init__(self) -> None:
        super().__init__("{task.speed}")

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


class _Lines:
    """A line of a stage at most every `EVERY_S` seconds, and one when a long stage has ended."""

    def __init__(self, words: Words, clock: Callable[[], float]) -> None:
        self._words, self._clock = words, clock
        self._stage = ""
        self._started = self._shown = 0.0
        self._first = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self._clock()
        if stage != self._stage:
            self._stage, self._started, self._shown, self._first = stage, now, now, done
        elif now - self._shown >= EVERY_S:
            self._shown = now
            sys.stderr.write(self._line(done, total, now) + "\n")
            sys.stderr.flush()

    def _line(self, done: int, total: int, now: float) -> str:
        rate = (done - self._first) / (now - self._started)
        left = f", {_duration((total - done) / rate)} left" if rate > 0 else ""
        said = self._words()
        return f"{self._stage}: {done:,} of {total:,}, {rate:.1f}/s{left}{f', {said}' if said else ''}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
