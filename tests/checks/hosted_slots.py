"""A coordinator for tests, whose slots only exist by name: no Ray, no engines."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from experts.config import HostingConfig
from experts.hosting.coordinator import Coordinator
from experts.hosting.orders import Accepted, Joined, Orders
from experts.hosting.records import SlotStatus
from experts.scheduling.work import Job, SlotState, SwitchPrices

PRICES = SwitchPrices(wake_s=1.0, reload_s=1.0, engine_s=2.0, process_s=3.0)


@dataclass(eq=False)
class FakeSlot:
    name: str
    expert: str | None = None
    alive: bool = True
    up: asyncio.Event = field(default_factory=asyncio.Event)


class Keeper:
    """Slots by name; those in `late` do not come up, those in `roomless` cannot."""

    needs = "1 CPUs and 0 GPUs"

    def __init__(self, slots: int) -> None:
        self.names = tuple(f"slot-{i}" for i in range(slots))
        self.made: list[FakeSlot] = []
        self.closed: list[str] = []
        self.late: set[str] = set()
        self.roomless: set[str] = set()

    def make(self, name: str) -> FakeSlot:
        self.made.append(slot := FakeSlot(name, alive=name not in self.roomless))
        if name not in self.late:
            slot.up.set()
        return slot

    async def status(self, actor: FakeSlot, timeout_s: float) -> SlotStatus | None:
        await actor.up.wait()
        state = SlotState(expert=actor.expert, family=actor.expert)
        return SlotStatus(actor.name, state, 1, None, "here", ()) if actor.alive else None

    def kill(self, actor: FakeSlot) -> None:
        actor.alive = False

    async def close(self, actor: FakeSlot, timeout_s: float) -> None:
        self.closed.append(actor.name)
        actor.alive = False


class Hosted:
    """A coordinator, its slots, and the calls of clients that have joined."""

    def __init__(self, slots: int, **hosting: Any) -> None:
        self.keeper = Keeper(slots)
        self.coordinator = Coordinator(HostingConfig(slots=slots, **hosting), self.keeper)
        self.incarnation = ""
        self.clients: set[str] = set()

    async def join(self, *clients: str, returning: bool = False) -> Joined:
        for client in clients:
            self.clients.add(client)
            joined = await self.coordinator.join(client, returning=returning)
        self.incarnation = joined.incarnation
        return joined

    async def submit(self, client: str, *jobs: Job) -> None:
        assert await self.coordinator.submit(client, self.incarnation, jobs)

    async def restore(self, client: str, *accepted: Accepted) -> None:
        assert await self.coordinator.restore(client, self.incarnation, accepted)

    async def orders(self, client: str, timeout_s: float = 0.0) -> Orders:
        orders = await self.coordinator.orders(client, self.incarnation, timeout_s)
        assert orders is not None
        return orders

    async def granted(self, client: str, timeout_s: float = 0.0) -> dict[str, str]:
        return {g.job_id: g.slot for g in (await self.orders(client, timeout_s)).grants}

    async def ended(self, client: str, job_id: str, trouble: str | None = None) -> None:
        await self.coordinator.ended(client, self.incarnation, job_id, trouble)

    async def counts(self) -> tuple[int, int]:
        """Jobs that wait and that run."""
        status = await self.coordinator.status()
        return status.waiting, status.running


@asynccontextmanager
async def hosted_slots(slots: int, **hosting: Any) -> AsyncIterator[Hosted]:
    """So many slots; at the end all clients leave."""
    hosted = Hosted(slots, **hosting)
    try:
        yield hosted
    finally:
        for client in hosted.clients:
            await hosted.coordinator.leave(client)


def job(job_id: str, expert: str = "a", **changes: Any) -> Job:
    """A job for an expert that is a family of its own."""
    return Job(id=job_id, expert=expert, family=expert, prices=PRICES, **changes)


async def until(done: Callable[[], bool]) -> None:
    """Wait for something that happens within seconds."""
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0.005)
