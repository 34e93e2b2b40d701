"""Checksums of the files that a configuration was fitted into: a router, a fusion, profiles.

A run that was interrupted must not go on with a router that was trained again meanwhile. Knows the
configuration's paths only; what experts depend on is their identity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compound.config import SystemConfig

_FITTED = ("router", "policy", "aggregator", "stopping")
_BLOCK = 1 << 20


def fitted_files(config: SystemConfig) -> dict[str, str]:
    """Dotted name of each path of router, policy, aggregator and stopping -> sha256, hexadecimal.

    Of a folder it is taken over the names and contents of all files in it. What is not there is passed
    over: building the system says so.
    """
    found = {}
    for part in _FITTED:
        for name, path in _paths(getattr(config, part), part):
            if path.exists():
                found[name] = _checksum(path)
    return found


def _paths(value: Any, name: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Path):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            yield from _paths(inner, f"{name}.{i}")
    elif hasattr(value, "model_dump"):
        yield from _paths(value.model_dump(mode="python"), name)


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
