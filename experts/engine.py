"""The one protocol of everything that generates text, and list-in list-out on top of it.

An engine serves one or several experts. Its core is asynchronous: `submit` yields deltas and, for
every request exactly once and in any order, a `Completion`; `abort` ends requests early. Knows no
routing and no fusing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, runtime_checkable

from experts.completion import Completion, Delta, Request
from experts.errors import ExpertError
from experts.query import Message
from experts.sampling import SamplingConfig


@runtime_checkable
class Engine(Protocol):
    """Generates completions for the experts that it serves.

    A failed item is a completion with `finish_reason="error"`; a dead engine is recovered or its
    items fail; neither is ever an empty or wrong answer.
    """

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of the experts served, in configuration order."""
        ...

    def identity(self, expert: str) -> str:
        """What the expert's texts depend on: weights checksum or revision, engine version, dtype.

        Part of the resume key of a completion, so it must change whenever texts may change.
        """
        ...

    def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncIterator[Delta | Completion]:
        """Start all requests; yield a completion for each exactly once, in any order.

        Args:
            requests: ids unique; experts among `experts`.
            deltas: also yield pieces of text as they are made; joined they equal the text.

        Closing the iterator early aborts what has not finished.
        """
        ...

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early: each yields its completion with the text so far and reason "stop".

        Unknown and finished ids are ignored.
        """
        ...

    async def close(self) -> None:
        """Release everything; further calls raise. Closing twice is allowed."""
        ...


Generate = Callable[[str, Sequence[Sequence[Message]], SamplingConfig | None], list[Completion]]
"""The port through which routers and aggregators may ask an LLM of the pool: (expert name,
conversations, sampling or None for the expert's default) -> completions, same order and length.
Blocking; called outside the event loop."""


async def generate(engine: Engine, requests: Sequence[Request]) -> list[Completion]:
    """All completions of a batch, in the order of the requests.

    Raises:
        ExpertError: ids are not unique, or the engine broke its contract.
    """
    if len({r.id for r in requests}) != len(requests):
        raise ExpertError("Request ids in a batch must be unique.")
    done: dict[str, Completion] = {}
    async for event in engine.submit(requests):
        if isinstance(event, Completion):
            done[event.request_id] = event
    missing = [r.id for r in requests if r.id not in done]
    if missing:
        raise ExpertError(
            f"The engine ended without a completion for {len(missing)} requests, first {missing[0]!r}."
        )
    return [done[r.id] for r in requests]
