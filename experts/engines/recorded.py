"""Replays outputs recorded earlier, by query id and sample index; never invents a text.

Knows nothing of how they were made: the messages of a request are not looked at, and of its sampling
only whether it asks for certainty.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experts.completion import Certainty, Completion, Delta, FinishReason, Request, Usage, failed
from experts.config import RecordedExpert
from experts.errors import ConfigError, ExpertError
from experts.streams import check_requests


class RecordedLine(BaseModel):
    """One line of a file of recorded outputs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query_id: str
    text: str
    sample_index: int = Field(default=0, ge=0)
    finish_reason: FinishReason = "stop"
    """"error": the expert failed when this was recorded, and fails again on replay."""
    completion_tokens: int = Field(default=0, ge=0)
    """0 where it was not recorded."""
    certainty: Certainty | None = None
    """Given to requests that ask for it; null where it was not recorded."""


@dataclass(frozen=True, slots=True)
class _Recording:
    lines: dict[tuple[str, int], RecordedLine]
    checksum: str


class RecordedEngine:
    """Serves one expert from a JSONL file that is read once, at construction."""

    def __init__(self, name: str, config: RecordedExpert) -> None:
        """Read the file.

        Raises:
            ConfigError: the file cannot be read, a line is broken, or two lines record the same
                sample; names file and line.
        """
        self._name = name
        self._path = config.path
        self._recording = _read(config.path)
        self._closed = False

    @property
    def experts(self) -> tuple[str, ...]:
        """The one expert's name."""
        return (self._name,)

    def identity(self, expert: str) -> str:
        """Hash of the file."""
        return f"recorded:{self._recording.checksum}"

    async def submit(
        self, requests: Sequence[Request], *, deltas: bool = False
    ) -> AsyncGenerator[Delta | Completion, None]:
        """Replay; a delta is the whole text. A sample that is not in the file is an error completion.

        Raises:
            ExpertError: closed, an unknown expert, an id that is not unique.
        """
        if self._closed:
            raise ExpertError(f"The recorded engine of {self._name} is closed; build a new one.")
        check_requests(requests, self.experts, ())
        for request in requests:
            completion = self._replayed(request)
            if deltas and completion.text:
                yield Delta(request_id=request.id, text=completion.text)
            yield completion

    async def abort(self, request_ids: Sequence[str]) -> None:
        """Do nothing: every request is finished as soon as it is started."""

    async def close(self) -> None:
        """Further submits raise."""
        self._closed = True

    def _replayed(self, request: Request) -> Completion:
        line = self._recording.lines.get((request.query_id, request.sample_index))
        if line is None:
            return failed(
                request,
                f"Expert {self._name!r}: {self._path} holds no output for query {request.query_id!r}, "
                f"sample {request.sample_index}; record it, or leave the question out.",
            )
        if line.finish_reason == "error":
            return failed(request, f"Expert {self._name!r} failed when this was recorded: {line.text}")
        return Completion(
            request_id=request.id,
            expert=request.expert,
            query_id=request.query_id,
            text=line.text,
            finish_reason=line.finish_reason,
            usage=Usage(completion_tokens=line.completion_tokens),
            sample_index=request.sample_index,
            certainty=line.certainty if request.sampling.certainty else None,
        )


def _read(path: Path) -> _Recording:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise ConfigError(
            f"Recorded outputs {path} cannot be read ({error.strerror}); check `path`."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"Recorded outputs {path} are not UTF-8 text; give a JSONL file.") from error
    lines: dict[tuple[str, int], RecordedLine] = {}
    # Not splitlines(): it would also cut at characters that JSON allows within a text, such as U+2028.
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        try:
            line = RecordedLine.model_validate_json(row)
        except ValidationError as error:
            raise ConfigError(
                f"{path}, line {number}, is no recorded output ({_first(error)}); repair or remove it."
            ) from error
        key = (line.query_id, line.sample_index)
        if key in lines:
            raise ConfigError(
                f"{path}, line {number}: query {key[0]!r}, sample {key[1]}, is recorded twice; remove one."
            )
        lines[key] = line
    return _Recording(lines, hashlib.sha256(raw).hexdigest())


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(map(str, problem["loc"]))
    return f"{where}: {problem['msg']}" if where else problem["msg"]
