"""Completions kept on disk, so that no work is done twice: a store and an engine that uses it.

The store is an append-only JSONL file with one writer. Extracted answers and scores are never in
it: they are redone from the text. Knows no particular engine.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from experts.completion import Completion, Delta, Request, Usage
from experts.engine import Engine
from experts.errors import ConfigError, ExpertError
from experts.pool import check_requests, closing

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the key and of the lines; raised when either changes its meaning."""
_BEGINNING = b'{"format": '
"""How every line of a store begins."""


def completion_key(identity: str, request: Request) -> str:
    """Key of a completion in a store: sha256 over all that its text depends on.

    The rendered prompt's token ids are not in it by themselves: the identity covers weights,
    tokenizer, chat template, engine version and dtype, and with those given, the messages
    determine the token ids. So an engine's identity must change with any of them.
    """
    whole = {
        "format": FORMAT,
        "identity": identity,
        "messages": [[m.role, m.content] for m in request.messages],
        "sampling": request.sampling.model_dump(mode="json"),
        "sample_index": request.sample_index,
    }
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class CompletionStore:
    """Finished completions by key, in a JSONL file that one process at a time may open.

    Every line is handed to the operating system as it comes: it survives `kill -9`, but not
    necessarily a power cut (no fsync per line). Texts stay on disk; only places are in memory.
    """

    def __init__(self, path: str | Path) -> None:
        """Open or create the file, lock it, and read what it holds.

        Raises:
            ConfigError: another writer has it, it cannot be written, or it is not a store.
        """
        self.path = Path(path)
        self.dropped = 0
        """Unreadable lines found when opening, a torn last one included; they are asked again."""
        self._places: dict[str, tuple[int, int]] = {}
        self._mutex = threading.Lock()
        self._lock_fd = self._fd = -1
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_fd = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
            self._lock()
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            self._end = self._read()
        except OSError as error:
            self.close()
            raise ConfigError(
                f"The completion store {self.path} cannot be opened for writing ({error.strerror}); "
                "give a path in a folder that you may write to."
            ) from error
        except ConfigError:
            self.close()
            raise
        if self.dropped:
            logger.warning(
                "%s: %d unreadable lines dropped; they will be asked again.", self.path, self.dropped
            )

    def __len__(self) -> int:
        """How many completions it holds."""
        return len(self._places)

    def __enter__(self) -> CompletionStore:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def get(self, key: str) -> Completion | None:
        """The completion as it was recorded, with the ids of then; None where there is none.

        Raises:
            ConfigError: the store is closed.
        """
        with self._mutex:
            self._check_open()
            place = self._places.get(key)
            line = os.pread(self._fd, place[1], place[0]) if place else None
        return None if line is None else _completion(json.loads(line))

    def put(self, key: str, completion: Completion) -> None:
        """Append a completion. Error completions are not stored; the first under a key stays.

        Raises:
            ConfigError: the store is closed, or the file cannot be written (such as a full disk).
        """
        if not completion.ok:
            return
        line = (json.dumps(_line(key, completion)) + "\n").encode()
        with self._mutex:
            self._check_open()
            if key not in self._places:
                self._append(line)
                self._places[key] = (self._end - len(line), len(line))

    def close(self) -> None:
        """Release the file and the lock. Closing twice is allowed."""
        for fd in (self._fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock_fd = -1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"The completion store {self.path} is being written by another run; "
                "wait until that has ended, or give another path."
            ) from error

    def _check_open(self) -> None:
        if self._fd < 0:
            raise ConfigError(f"The completion store {self.path} is closed; open it again.")

    def _append(self, line: bytes) -> None:
        done = 0
        try:
            while done < len(line):
                done += os.pwrite(self._fd, line[done:], self._end + done)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._end)  # leave no half line for the next one to be glued to
            raise ConfigError(
                f"The completion store {self.path} cannot be written ({error.strerror}); "
                "make room or give another path."
            ) from error
        self._end += done

    def _read(self) -> int:
        """Index every line; cut a torn last one off. Returns where the next line begins."""
        end, torn = 0, b""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    self.dropped += 1
                    torn = line
                    break
                self._index(line, end)
                end += len(line)
        # Before anything is cut or appended: somebody else's file, given by mistake, must stay as it is.
        if not self._places and (end or not _BEGINNING.startswith(torn[: len(_BEGINNING)])):
            raise ConfigError(
                f"{self.path} is not a completion store (no line of it is one); give another path."
            )
        os.ftruncate(self._fd, end)
        return end

    def _index(self, line: bytes, start: int) -> None:
        try:
            row = json.loads(line)
            if row["format"] != FORMAT:
                raise ConfigError(
                    f"The completion store {self.path} has format {row['format']!r}, "
                    f"this version writes {FORMAT}; give another path."
                )
            _completion(row)
            key = row["key"]
        except (ValueError, KeyError, TypeError):
            self.dropped += 1
            return
        self._places.setdefault(key, (start, len(line)))


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


def _line(key: str, completion: Completion) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "key": key,
        "expert": completion.expert,
        "query_id": completion.query_id,
        "sample_index": completion.sample_index,
        "text": completion.text,
        "finish_reason": completion.finish_reason,
        "usage": asdict(completion.usage),
    }


def _completion(row: dict[str, Any]) -> Completion:
    return Completion(
        request_id="",
        expert=row["expert"],
        query_id=row["query_id"],
        text=row["text"],
        finish_reason=row["finish_reason"],
        usage=Usage(**row["usage"]),
        sample_index=row["sample_index"],
    )
