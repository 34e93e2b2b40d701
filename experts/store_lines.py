"""The lines of a completion store: what stands in one, sealed where texts must not lie about in plain words.

Knows no place in a file and no lock.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experts.completion import Certainty, Completion, Usage
from experts.errors import ConfigError
from experts.sealing import Seal

FORMAT = 1
"""Version of the key and of the lines; raised when either changes its meaning."""
BEGINNING = b'{"format": '
"""How every line of a store begins."""
_SEALED = "sealed"
"""In place of a line's text."""


class StoreLines:
    """Lines of one store, all sealed or none."""

    def __init__(self, path: Path, seal: Seal | None) -> None:
        """Store.

        Args:
            path: of the store, for messages.
            seal: texts are sealed with it; None: they are written as they are.
        """
        self._path, self._seal = path, seal

    def written(self, key: str, completion: Completion) -> bytes:
        """A completion as a line, its end included."""
        row: dict[str, Any] = {
            "format": FORMAT,
            "key": key,
            "expert": completion.expert,
            "query_id": completion.query_id,
            "sample_index": completion.sample_index,
            **self._text(completion.text),
            "finish_reason": completion.finish_reason,
            "usage": asdict(completion.usage),
        }
        if completion.certainty is not None:
            row["certainty"] = asdict(completion.certainty)
        return (json.dumps(row) + "\n").encode()

    def read(self, line: bytes) -> tuple[str, Completion]:
        """Key and completion of a line, the request's id left empty.

        Raises:
            ConfigError: another format, or sealed where no seal is given, or the other way round.
            SealError: its text cannot be opened.
            ValueError, KeyError, TypeError: it is no line of a store.
        """
        row = json.loads(line)
        if row["format"] != FORMAT:
            raise ConfigError(
                f"The completion store {self._path} has format {row['format']!r}, "
                f"this version writes {FORMAT}; give another path."
            )
        key = row["key"]
        self._check_seal(row)
        certainty = row.get("certainty")
        completion = Completion(
            request_id="",
            expert=row["expert"],
            query_id=row["query_id"],
            text=row["text"] if self._seal is None else self._seal.open(row[_SEALED]),
            finish_reason=row["finish_reason"],
            usage=Usage(**row["usage"]),
            sample_index=row["sample_index"],
            certainty=None if certainty is None else Certainty(**certainty),
        )
        return key, completion

    def _text(self, text: str) -> dict[str, str]:
        return {"text": text} if self._seal is None else {_SEALED: self._seal.seal(text)}

    def _check_seal(self, row: dict[str, Any]) -> None:
        """A store is sealed from its first line to its last, or not at all."""
        if _SEALED not in row and "text" not in row:
            return
        if (_SEALED in row) == (self._seal is not None):
            return
        how = "sealed" if _SEALED in row else "not sealed"
        needed = "are to be sealed" if self._seal is not None else "are not to be sealed"
        raise ConfigError(
            f"The texts in the completion store {self._path} are {how}, and those of this run {needed}; "
            "give another path."
        )
