"""Where the files of a benchmark are on this machine: given by the user, or described by the mapping.

Finds, checks and hashes files. Knows nothing of what stands in them, and no hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from glob import escape, glob
from pathlib import Path

from eval.benchmarks.mapping import MappingConfig, SplitFiles
from eval.importers.rows import FORMATS
from experts.errors import BenchmarkError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Part:
    """Files that belong together."""

    split: str | None
    """Split that they are by their name; None: nothing tells."""
    paths: tuple[Path, ...]
    count: int | None = None
    """Rows that they must have; None: not known, such as of a file in a layout of the user's."""
    sha256: str | None = None
    """What `checksum_of` must give; None: not known."""


def local_parts(config: MappingConfig, data: Path) -> tuple[Part, ...]:
    """The parts in a file, or in a folder laid out as the mapping (or the hub) has it.

    Raises:
        BenchmarkError: there is no such file or folder, or it has none of the files.
    """
    if data.is_dir():
        parts = parts_in(config, data)
        if not parts:
            wanted = ", ".join(files.files[0] for files in config.files.values())
            raise BenchmarkError(
                f"The folder {data} has no questions of {config.name}; it needs {wanted}, or give a file."
            )
        return parts
    if not data.is_file():
        raise BenchmarkError(
            f"There is no file or folder {data}; give the questions of {config.name} with --data."
        )
    for split, files in config.files.items():
        for pattern in files.files:
            if fnmatch(data.name, Path(pattern).name):
                return (_part(split, [data], files, pattern),)
    only = next(iter(config.files)) if len(config.files) == 1 else None
    return (Part(only, (data,)),)


def described_parts(config: MappingConfig, folder: Path) -> tuple[Part, ...]:
    """The parts that the mapping names, relative to the folder of its YAML file.

    Raises:
        BenchmarkError: files of a split are missing.
    """
    parts = parts_in(config, folder)
    found = {part.split for part in parts}
    for split, files in config.files.items():
        if split not in found:
            raise BenchmarkError(
                f"{config.name}: there is no {' or '.join(files.files)} in {folder}, the files of {split!r}; "
                "mend the mapping, or give --data."
            )
    return parts


def checked(part: Part) -> Part:
    """The part, if its checksum is the expected one.

    Raises:
        BenchmarkError: it is another; both are named.
    """
    if part.sha256 is not None:
        found = checksum_of(part.paths)
        if found != part.sha256:
            names = ", ".join(map(str, part.paths))
            raise BenchmarkError(
                f"{names} has the SHA-256 {found}, and {part.sha256} is expected; fetch it again, or write a "
                "mapping of your own if it is meant to differ."
            )
    return part


def checksum_of(paths: Sequence[Path]) -> str:
    """SHA-256 over files, one after the other.

    Raises:
        BenchmarkError: one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise BenchmarkError(f"{path} cannot be read ({error.strerror}).") from error
    return digest.hexdigest()


def parts_in(config: MappingConfig, folder: Path) -> tuple[Part, ...]:
    """Of every split the files that the first matching name finds: as it is given, else in the folder itself.

    Raises:
        BenchmarkError: one has an ending that no reader knows.
    """
    parts = []
    for split, files in config.files.items():
        places = [(pattern, pattern) for pattern in files.files]
        places += [(Path(pattern).name, pattern) for pattern in files.files]
        for place, pattern in places:
            found = sorted(map(Path, glob(str(Path(escape(str(folder))) / place))))
            if found:
                _check_endings(found)
                parts.append(_part(split, found, files, pattern))
                break
    return tuple(parts)


def _part(split: str, paths: Sequence[Path], files: SplitFiles, pattern: str) -> Part:
    # Other names hold the same questions in another layout, so only the count is theirs too.
    sha256 = files.sha256 if pattern == files.files[0] else None
    return Part(split, tuple(paths), files.count, sha256)


def _check_endings(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix.lower() not in FORMATS:
            raise BenchmarkError(f"{path} must end in {', '.join(FORMATS)}.")
