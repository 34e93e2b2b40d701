"""How a system tells that it gets on. Knows nothing of how it is shown."""

from __future__ import annotations

from collections.abc import Callable

from experts.completion import Completion

OnProgress = Callable[[str, int, int], None]
"""(stage in words, done, total), called from the system's own thread."""


OnCompletion = Callable[[Completion], None]
"""Called with every completion as it comes, of experts, annotators and aggregators, from the system's own
thread; work waits for it."""


def silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def unwatched(completion: Completion) -> None:
    """Let a completion pass."""
