"""Where this project keeps what may be made again: learned costs, vectors of questions, converted models.

Knows the folder, not what is in it, and makes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """`$COMPOUND_CACHE`, else `compound/` under `$XDG_CACHE_HOME` or `~/.cache`.

    Args:
        environ: None: the environment of this process.
    """
    environ = os.environ if environ is None else environ
    if own := environ.get("COMPOUND_CACHE"):
        return Path(own).expanduser()
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "compound"
