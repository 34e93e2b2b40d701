"""An engine that answers from a completion store what that holds, asks the rest, and records it.

Knows no particular engine and nothing of how the store keeps its lines.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from experts.completion import Completion, Delta, Request
from experts.engine import Engine
from experts.errors import ExpertError
from experts.store import CompletionStore, completion_key
from experts.streams import check_requests, closing


@dataclass(slots=True)
class _Twins:
    """Requests of one submit that are answered by asking once; the first of them is asked."""

    key: str
    requests: list[Request]
    aborted: set[str] = field(default_factory=set)


class StoredEngine:
    """An engine that answers from a store what that holds, asks the rest, and records it.

    From the store, `usage.seconds` is 0 (nobody waited); tokens are as recorded, and
    `CompletionStore.get` gives the seconds of then. Aborted completions are never recorded: their
    text is not what the expert would have said.
    """

    def __init__(self, engine: Engine, store: CompletionStore) -> None:
        """Wrap; `close` closes the engine, not the store, which other engines may share."""
        self._engine = engine
        self._store = store
        self._in_flight: dict[str, _Twins] = {}
        self._closed = False

    @property
    def experts(self) -> tuple[str, ...]:
        """Names of the wrapped engine's experts."""
        return self._engine.experts

    def identity(self, expert: str) -> str:
        """The wrapped engine's."""
        return self._engine.identity(expert)

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Answer from the store, then ask the rest in one submit; see `Engine.submit`.

        A stored text is one delta. Requests with the same key within a submit are asked once if
        their temperature is 0, where all would get the same text; with a temperature each is a
        draw of its own, and one copied would pretend an agreement that is none. (To keep several
        draws, give them different sample indices: the store holds one text per key.)

        Raises:
            ConfigError: the store cannot be written or is closed.
            ExpertError: closed, an unknown expert, an id that is not unique.
        """
        if self._closed:
            raise ExpertError(f"The engine of {', '.join(self.experts)} is closed; build a new one.")
        check_requests(requests, self.experts, self._in_flight)
        ready, asked = self._split(requests)
        self._in_flight.update({r.id: twins for twins in asked.values() for r in twins.requests})
        try:
            for completion in ready:
                for event in _as_events(completion, deltas):
                    yield event
            first = [twins.requests[0] for twins in asked.values()]
            async with closing(self._engine.submit(first, deltas=deltas)) as events:
                async for event in events:
                    # Recorded before it is handed out: a consumer may leave at any event.
                    copies = self._recorded(asked, event, deltas)
                    yield event
                    for copy in copies:
                        yield copy
        finally:
            for request in requests:
                self._in_flight.pop(request.id, None)

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early; one that shares its answer ends early once all that share it are aborted."""
        ending = []
        for request_id in request_ids:
            twins = self._in_flight.get(request_id)
            if twins is not None:
                twins.aborted.add(request_id)
                if len(twins.aborted) == len(twins.requests):
                    ending.append(twins.requests[0].id)
        if ending:
            await self._engine.abort(ending)

    async def close(self) -> None:
        """Close the wrapped engine; the store stays open."""
        self._closed = True
        await self._engine.close()

    def _split(self, requests: Sequence[Request]) -> tuple[list[Completion], dict[str, _Twins]]:
        """What the store holds, and by the id to ask under what it does not."""
        ready: list[Completion] = []
        asked: dict[str, _Twins] = {}
        by_key: dict[str, _Twins] = {}
        for request in requests:
            key = completion_key(self.identity(request.expert), request)
            stored = self._store.get(key)
            if stored is not None:
                ready.append(_readdressed(stored, request))
            elif request.sampling.temperature == 0 and key in by_key:
                by_key[key].requests.append(request)
            else:
                asked[request.id] = by_key[key] = _Twins(key, [request])
        return ready, asked

    def _recorded(
        self, asked: dict[str, _Twins], event: Delta | Completion, deltas: bool
    ) -> list[Delta | Completion]:
        """Put a completion into the store; what the requests that share it get."""
        if isinstance(event, Delta):
            return []
        twins = asked[event.request_id]
        if len(twins.aborted) < len(twins.requests):
            self._store.put(twins.key, event)
        copies = [_readdressed(event, twin) for twin in twins.requests[1:]]
        return [piece for copy in copies for piece in _as_events(copy, deltas)]


def _as_events(completion: Completion, deltas: bool) -> list[Delta | Completion]:
    if deltas and completion.text:
        return [Delta(request_id=completion.request_id, text=completion.text), completion]
    return [completion]


def _readdressed(completion: Completion, request: Request) -> Completion:
    return replace(
        completion,
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        sample_index=request.sample_index,
        usage=replace(completion.usage, seconds=0.0),
    )
