"""Reads recorded outputs of one expert from JSONL. Knows nothing of how they were made."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experts.completion import Certainty, FinishReason
from experts.errors import ConfigError
from experts.playback.recording import RecordedAnswer, Recording


class RecordedLine(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query_id: str
    text: str
    sample_index: int = Field(default=0, ge=0)
    finish_reason: FinishReason = "stop"
    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)
    certainty: Certainty | None = None


def read_jsonl(path: Path, prefix: str = "") -> Recording:
    """All lines of a file.

    Args:
        path: of the file.
        prefix: put in front of every query id.

    Raises:
        ConfigError: the file cannot be read, a line is broken, or two lines record the same sample; names
            file and line.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as error:
        raise ConfigError(
            f"Recorded outputs {path} cannot be read ({error.strerror}); check `path`."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"Recorded outputs {path} are not UTF-8 text; give a JSONL file, or one that ends in .parquet."
        ) from error
    answers: list[RecordedAnswer] = []
    places: dict[tuple[str, int], int] = {}
    # Not splitlines(): it would also cut at characters that JSON allows within a text, such as U+2028.
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        line = _line(path, number, row)
        key = (prefix + line.query_id, line.sample_index)
        if key in places:
            raise ConfigError(
                f"{path}, line {number}: query {line.query_id!r}, sample {key[1]}, is recorded twice; "
                "remove one."
            )
        places[key] = len(answers)
        answers.append(_answer(line))
    return Recording(
        places,
        answers.__getitem__,
        checksum=hashlib.sha256(raw).hexdigest(),
        tokens_known=all(answer.completion_tokens is not None for answer in answers),
    )


def _line(path: Path, number: int, row: str) -> RecordedLine:
    try:
        return RecordedLine.model_validate_json(row)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        reason = f"{where}: {problem['msg']}" if where else problem["msg"]
        raise ConfigError(
            f"{path}, line {number}, is no recorded output ({reason}); repair or remove it."
        ) from error


def _answer(line: RecordedLine) -> RecordedAnswer:
    return RecordedAnswer(
        text=line.text,
        finish_reason=line.finish_reason,
        prompt_tokens=line.prompt_tokens,
        completion_tokens=line.completion_tokens,
        certainty=line.certainty,
    )
