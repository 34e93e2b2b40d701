"""A file of a run is there whole or not at all, also after `kill -9`, a power cut or on a full disk.

Knows nothing of what is in it. Completions are appended to instead, see `experts.store`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from experts.errors import BenchmarkError


def write_whole(path: Path, parts: Iterable[str]) -> None:
    """Write UTF-8 text by way of a temporary file beside it, which takes its place when it is on disk.

    Args:
        path: of the file, in a folder that exists.
        parts: of the text, in order.

    Raises:
        BenchmarkError: it cannot be written there, such as on a full disk; what was there stays.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise BenchmarkError(
            f"{path} cannot be written ({error.strerror}); make room or give another folder. "
            "The same command then goes on from here."
        ) from error
