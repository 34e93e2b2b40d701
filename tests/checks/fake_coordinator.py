"""A coordinator without Ray for clients: it writes down what it hears and says what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from experts.errors import QueueFull
from experts.hosting.client import HostingClient
from experts.hosting.orders import Accepted, Grant, Joined, Orders
from experts.hosting.remote import CoordinatorLost, RemoteCoordinator
from experts.scheduling.work import Job, SwitchPrices


class FakeCoordinator(RemoteCoordinator):
    """Writes down what it is told; gives the orders that a test puts into it."""

    def __init__(self, incarnation: str = "first", problem: str | None = None) -> None:
        self.incarnation, self.problem = incarnation, problem
        self.lost = self.full = self.knows = False
        self.inbox: asyncio.Queue[Orders | None] = asyncio.Queue()
        self.hangs: asyncio.Event | None = None
        """While it is not set, calls of `submit` and `restore` are heard of, but not answered."""
        self.submitted: list[str] = []
        self.restored: list[Accepted] = []
        self.told: list[tuple[str, ...]] = []
        """Of ended and withdrawn jobs and clients that left."""

    async def join(self, client: str, *, returning: bool) -> Joined:
        self._check()
        self.knows = True
        return Joined(self.incarnation, 1, self.problem)

    async def submit(self, client: str, incarnation: str, jobs: Sequence[Job]) -> bool:
        self._check()
        if self.full:
            raise QueueFull("1 request waits.")
        self.submitted += [job.id for job in jobs]
        return await self._answer(incarnation)

    async def restore(self, client: str, incarnation: str, accepted: Sequence[Accepted]) -> bool:
        self._check()
        self.restored += accepted
        return await self._answer(incarnation)

    async def orders(self, client: str, incarnation: str, timeout_s: float) -> Orders | None:
        orders: Orders | None = Orders(slots=1)
        with suppress(TimeoutError):
            orders = await asyncio.wait_for(self.inbox.get(), timeout_s)
        self._check()
        return orders if self.knows and incarnation == self.incarnation else None

    async def ended(self, client: str, incarnation: str, job_id: str, trouble: str | None) -> None:
        self._check()
        self.told.append(("ended", job_id, trouble or ""))

    async def withdraw(self, client: str, incarnation: str, job_ids: Sequence[str]) -> None:
        self._check()
        self.told.append(("withdrawn", *job_ids))

    async def leave(self, client: str) -> None:
        self._check()
        self.told.append(("left",))

    async def _answer(self, incarnation: str) -> bool:
        if self.hangs is not None:
            await self.hangs.wait()
        return self.knows and incarnation == self.incarnation

    def _check(self) -> None:
        if self.lost:
            raise CoordinatorLost("The coordinator was lost.")

    def grant(self, *jobs: Job, slot: str = "slot-0") -> None:
        self.inbox.put_nowait(Orders(grants=tuple(Grant(job.id, slot, None) for job in jobs)))

    def die(self) -> None:
        self.lost = True
        self.inbox.put_nowait(None)


@asynccontextmanager
async def started(*coordinators: FakeCoordinator, no_slot_s: float = 60.0) -> AsyncIterator[HostingClient]:
    """A client that finds the first coordinator that is not lost."""

    def find() -> RemoteCoordinator:
        for found in coordinators:
            if not found.lost:
                return found
        raise CoordinatorLost("No coordinator can be made.")

    client = HostingClient(find, lambda _: None, no_slot_s=no_slot_s)
    await client.start()
    yield client
    await client.close()


def jobs_of(client: HostingClient, count: int) -> list[Job]:
    return [Job(id=client.new_id(), expert="a", family="a", prices=SwitchPrices()) for _ in range(count)]


async def wait_for(client: HostingClient, *jobs: Job) -> list[str]:
    """Slots that they are granted."""
    return [grant.slot for grant in await asyncio.wait_for(asyncio.gather(*map(client.granted, jobs)), 5)]


async def until_told(coordinator: FakeCoordinator, *what: str) -> None:
    async with asyncio.timeout(5):
        while what not in coordinator.told:
            await asyncio.sleep(0.005)
