"""Tasks in, one stream of events out."""

from __future__ import annotations

import asyncio

import pytest

from experts.completion import Delta
from experts.streams import Emit, run_jobs


async def test_run_jobs_raises_what_a_job_raises_and_cancels_the_rest() -> None:
    gone = asyncio.Event()

    async def waiting(emit: Emit) -> None:
        emit(Delta(request_id="r", text="x"))
        try:
            await asyncio.sleep(30)
        finally:
            gone.set()

    async def failing(emit: Emit) -> None:
        raise ValueError("broken job")

    with pytest.raises(ValueError, match="broken job"):
        async for _ in run_jobs([waiting, failing]):
            pass
    assert gone.is_set()
