"""What all measurements here share: a batch is timed, and a result is kept as JSON. Knows no measurement."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experts.completion import Completion, Request
from experts.engine import Engine, generate
from experts.errors import ExpertError


async def timed(engine: Engine, requests: Sequence[Request]) -> tuple[float, list[Completion]]:
    """Wall seconds of a batch, and its completions in order.

    Raises:
        ExpertError: a request failed, so that the seconds would mean nothing.
    """
    started = time.perf_counter()
    completions = await generate(engine, requests)
    seconds = time.perf_counter() - started
    failures = [c.error for c in completions if c.error]
    if failures:
        raise ExpertError(f"{len(failures)} of {len(requests)} requests failed, first: {failures[0]}")
    return seconds, completions


def answer_tokens(completions: Sequence[Completion]) -> int:
    """Completion tokens in all."""
    return sum(c.usage.completion_tokens for c in completions)


def keep(result: Any, path: Path | None) -> None:
    """Write a result of plain values as JSON; None: nowhere."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
