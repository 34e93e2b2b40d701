"""What every engine needs to answer requests: refuse bad ones, run tasks, merge their events into one stream.

Knows no engine, no retries, no prices and no store: it sees requests before they start and events
as they come.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from difflib import get_close_matches
from typing import Any

from experts.completion import Completion, Delta, Request
from experts.errors import ExpertError

Event = Delta | Completion
Emit = Callable[[Event], None]
Job = Callable[[Emit], Coroutine[Any, Any, None]]


def check_requests(requests: Sequence[Request], experts: Sequence[str], in_flight: Collection[str]) -> None:
    """Refuse requests that an engine must not start.

    Raises:
        ExpertError: an expert is unknown (with close names), or an id is not unique.
    """
    seen: set[str] = set()
    for request in requests:
        if request.expert not in experts:
            raise ExpertError(unknown_expert(request.expert, experts))
        if request.id in seen or request.id in in_flight:
            raise ExpertError(
                f"Request id {request.id!r} is in flight already; give every request its own id."
            )
        seen.add(request.id)


async def run_jobs(jobs: Sequence[Job]) -> AsyncGenerator[Event, None]:
    """Run all jobs at once, each in its own task; yield what they emit, in order of emission.

    An exception of a job is raised here. Leaving early, for whatever reason, cancels every job
    and waits until it is gone: no task outlives the iterator.
    """
    queue: asyncio.Queue[Event | asyncio.Task[None]] = asyncio.Queue()
    tasks = [asyncio.create_task(job(queue.put_nowait)) for job in jobs]
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    running = len(tasks)
    try:
        while running:
            item = await queue.get()
            if isinstance(item, asyncio.Task):
                running -= 1
                item.result()
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def closing(events: AsyncIterator[Event]) -> AsyncGenerator[AsyncIterator[Event], None]:
    """Close an engine's stream on leaving; like `contextlib.aclosing`, but the stream may lack `aclose`."""
    try:
        yield events
    finally:
        aclose = getattr(events, "aclose", None)
        if aclose is not None:
            await aclose()


def unknown_expert(name: str, known: Sequence[str]) -> str:
    """Sentences that refuse an expert's name: close names, then all that are known."""
    close = get_close_matches(name, known, n=3)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"Unknown expert {name!r}.{hint} Known are {', '.join(map(repr, known)) or 'none'}."
