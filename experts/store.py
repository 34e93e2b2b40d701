"""Completions kept on disk, so that no work is done twice: an append-only JSONL file with one writer.

Extracted answers and scores are never in it: they are redone from the text. With a seal, texts are written
sealed and nothing else. Knows no engine; who asks what the store lacks is `experts.stored_engine`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from experts.completion import Completion, Request
from experts.errors import ConfigError
from experts.sampling import SamplingConfig
from experts.sealing import Seal, SealError
from experts.store_lines import BEGINNING, FORMAT, StoreLines

logger = logging.getLogger(__name__)


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
        "sampling": _sampling(request.sampling),
        "sample_index": request.sample_index,
    }
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _sampling(sampling: SamplingConfig) -> dict[str, Any]:
    """Settings that are in the key. Certainty only where it is asked for: keys of before it stay valid."""
    return sampling.model_dump(mode="json", exclude=None if sampling.certainty else {"certainty"})


class CompletionStore:
    """Finished completions by key, in a JSONL file that one process at a time may open.

    Every line is handed to the operating system as it comes: it survives `kill -9`, but not
    necessarily a power cut (no fsync per line). Texts stay on disk; only places are in memory.
    """

    def __init__(self, path: str | Path, *, seal: Seal | None = None) -> None:
        """Open or create the file, lock it, and read what it holds.

        Args:
            path: of the file.
            seal: texts are sealed with it; None: they are written as they are.

        Raises:
            ConfigError: another writer has it, it cannot be written, it is not a store, or its texts are
                sealed and no seal is given (or the other way round, or another one).
        """
        self.path = Path(path)
        self._lines = StoreLines(self.path, seal)
        self.found = 0
        """How many completions it was asked for and had."""
        self.dropped = 0
        """Unreadable lines found when opening, a torn last one included; they are asked again."""
        self._unopened: SealError | None = None
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
            self.found += place is not None
        return None if line is None else self._lines.read(line)[1]

    def put(self, key: str, completion: Completion) -> None:
        """Append a completion. Error completions are not stored; the first under a key stays.

        Raises:
            ConfigError: the store is closed, or the file cannot be written (such as a full disk).
        """
        if not completion.ok:
            return
        line = self._lines.written(key, completion)
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
        if not self._places and self._unopened is not None:
            raise ConfigError(
                f"No text in the completion store {self.path} can be opened: they are sealed with another "
                "password; give another path."
            ) from self._unopened
        if not self._places and (end or not BEGINNING.startswith(torn[: len(BEGINNING)])):
            raise ConfigError(
                f"{self.path} is not a completion store (no line of it is one); give another path."
            )
        os.ftruncate(self._fd, end)
        return end

    def _index(self, line: bytes, start: int) -> None:
        try:
            key, _ = self._lines.read(line)
        except SealError as error:
            self.dropped += 1
            self._unopened = error
            return
        except (ValueError, KeyError, TypeError):
            self.dropped += 1
            return
        self._places.setdefault(key, (start, len(line)))
