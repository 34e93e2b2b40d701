"""Carries jobs out: waits for a grant, runs a job on its slot, tries elsewhere where the slot fails with it.

Keeps count of the requests that are open, so that each gets exactly one completion, whatever happens.
Knows neither Ray nor how jobs are cut and scheduled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from experts.completion import Completion, Request, failed
from experts.config import VllmExpert
from experts.errors import CompoundError
from experts.hosting.client import HostingClient
from experts.hosting.orders import Grant
from experts.hosting.records import Fault, Refused, WorkDone
from experts.hosting.remote import RemoteSlot, SlotFailed, SlotLost
from experts.scheduling.cutting import Piece
from experts.scheduling.switches import Switch
from experts.streams import Emit, Event


@dataclass(slots=True)
class Told:
    """What slots have told during one batch."""

    switches: list[Switch] = field(default_factory=list)
    work: list[WorkDone] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A job could not be finished on a slot."""

    slot: str
    reason: str
    retryable: bool
    lost: bool
    """Whether the slot itself has gone."""


class Carrier:
    """Carries out the jobs of one engine."""

    def __init__(self, experts: Mapping[str, VllmExpert], retries: int) -> None:
        """Nothing is open yet.

        Args:
            experts: by name.
            retries: how often a job is tried again after a slot failed with it.
        """
        self._experts, self._retries = experts, retries
        self.open: dict[str, Request] = {}
        """Requests without a completion, by id."""
        self.faults: list[Fault] = []
        """What broke, oldest first."""
        self._at: dict[str, RemoteSlot] = {}
        """Open requests that are on a slot."""
        self._dropped: set[str] = set()
        """Open requests that are to be aborted."""

    async def abort(self, request_ids: Sequence[str]) -> None:
        """End requests early; those that no slot has yet are found when their turn comes."""
        known = [i for i in request_ids if i in self.open]
        self._dropped.update(known)
        by_slot: dict[RemoteSlot, list[str]] = {}
        for request_id in known:
            if request_id in self._at:
                by_slot.setdefault(self._at[request_id], []).append(request_id)
        for slot, ids in by_slot.items():
            await slot.abort(ids)

    def forget(self, request_ids: Sequence[str]) -> None:
        """Nobody waits for these any more."""
        for request_id in request_ids:
            self.open.pop(request_id, None)
            self._dropped.discard(request_id)

    async def carry_out(
        self, client: HostingClient, piece: Piece, since: float, deltas: bool, told: Told, emit: Emit
    ) -> None:
        """Run a job, on another slot if one fails; afterwards every request has its completion."""
        job, tries, note = piece.job, 0, ""
        while True:
            trouble = None
            try:
                grant = await client.granted(job)
                tries += 1
                trouble = await self._on_slot(grant, piece, deltas, note, told, emit)
            except CompoundError as error:
                self._fail_rest(piece, str(error), error.retryable, emit)
            finally:
                # Also where the caller has left: the slot is free for others.
                await client.ended(job, trouble=trouble.slot if trouble else None)
            open_ones = [r for r in piece.requests if r.id in self.open]
            if trouble is None or not open_ones:
                return
            elsewhere = trouble.lost or client.slots > len(job.avoid) + 1
            if tries > self._retries or not elsewhere:
                tried = f" It was tried on {tries} slots." if tries > 1 else ""
                self._fail_rest(piece, f"{trouble.reason}{tried}", trouble.retryable, emit)
                return
            note = f"{trouble.reason} The question was asked again."
            job = replace(
                job,
                id=client.new_id(),
                requests=len(open_ones),
                seconds=job.seconds * len(open_ones) / job.requests,
                avoid=job.avoid | {trouble.slot},
            )
            await client.again(job, since=since)

    async def _on_slot(
        self, grant: Grant, piece: Piece, deltas: bool, note: str, told: Told, emit: Emit
    ) -> _Trouble | None:
        """Run what is open of a job on a slot; what went wrong, if anything did."""
        name, slot = piece.requests[0].expert, RemoteSlot(grant.actor)
        for request in piece.requests:
            if request.id in self._dropped and request.id in self.open:
                self._finish(_nothing(request), emit)
        wanted = [r for r in piece.requests if r.id in self.open]
        if not wanted:
            return None
        self._at |= dict.fromkeys((r.id for r in wanted), slot)
        trouble = None
        try:
            async for chunk in slot.run(name, self._experts[name], wanted, deltas=deltas):
                for event in chunk:
                    if isinstance(event, Refused):
                        trouble = _Trouble(grant.slot, event.reason, event.retryable, lost=False)
                    else:
                        self._hear(event, note, told, emit)
        except (SlotLost, SlotFailed) as error:
            trouble = self._lost(grant.slot, wanted, error)
        except asyncio.CancelledError:
            await slot.abort([r.id for r in wanted if r.id in self.open])
            raise
        finally:
            for request in wanted:
                self._at.pop(request.id, None)
        return trouble

    def _hear(self, event: Event | Switch | WorkDone | Fault, note: str, told: Told, emit: Emit) -> None:
        if isinstance(event, Completion):
            self._finish(replace(event, notes=(note, *event.notes)) if note else event, emit)
        elif isinstance(event, Switch):
            told.switches.append(event)
        elif isinstance(event, WorkDone):
            told.work.append(event)
        elif isinstance(event, Fault):
            self.faults.append(event)
        else:
            emit(event)

    def _lost(self, slot: str, wanted: Sequence[Request], error: SlotLost | SlotFailed) -> _Trouble:
        affected = [r for r in wanted if r.id in self.open]
        name, lost = wanted[0].expert, isinstance(error, SlotLost)
        self.faults.append(
            Fault(
                kind="slot_lost" if lost else "slot_failed",
                slot=slot,
                expert=name,
                requests=len(affected),
                detail=f"{error} {len(affected)} questions to {name!r} were given back.",
            )
        )
        reason = f"The slot of expert {name!r} was lost while it answered." if lost else str(error)
        return _Trouble(slot, reason, True, lost=lost)

    def _fail_rest(self, piece: Piece, error: str, retryable: bool, emit: Emit) -> None:
        for request in piece.requests:
            if request.id in self.open:
                self._finish(failed(request, error, retryable=retryable), emit)

    def _finish(self, completion: Completion, emit: Emit) -> None:
        """Pass a completion on, unless its request has one already."""
        self._dropped.discard(completion.request_id)
        if self.open.pop(completion.request_id, None) is not None:
            emit(completion)


def _nothing(request: Request) -> Completion:
    """What an aborted request that never started amounts to."""
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text="",
        finish_reason="stop",
        sample_index=request.sample_index,
    )
