"""How a system tells that it gets on. Knows nothing of how it is shown."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[str, int, int], None]
"""(stage in words, done, total), called from the system's own thread."""


def silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""
