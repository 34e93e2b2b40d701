"""Jobs are carried out: every request is answered once, elsewhere where a slot fails, within a bound."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from experts.completion import Completion, Request, failed
from experts.config import VllmExpert
from experts.errors import ExpertUnavailable
from experts.hosting import carrying
from experts.hosting.carrying import Carrier, Told
from experts.hosting.orders import Grant
from experts.hosting.records import Refused
from experts.hosting.remote import SlotFailed, SlotLost
from experts.query import Message
from experts.sampling import SamplingConfig
from experts.scheduling.cutting import Piece
from experts.scheduling.switches import Switch
from experts.scheduling.work import Job, SwitchPrices

Play = Callable[[Sequence[Request]], AsyncIterator[Sequence[Any]]]
"""What a slot does with requests."""


def said(request: Request) -> Completion:
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text="yes",
        finish_reason="stop",
    )


async def answers(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
    yield [Switch(expert="a", kind="reload", seconds=1.0)]
    for request in requests:
        yield [said(request)]


async def dies(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
    yield [said(requests[0])]
    raise SlotLost("A slot was lost.")


async def raises(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
    yield [said(requests[0])]
    raise SlotFailed("A slot failed: KeyError: 'x'.")


async def refuses(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
    yield [Refused(reason="Expert 'a' cannot answer: no memory.", retryable=True)]


class Client:
    """Grants every job at once: the first try on slot 0, the next on slot 1, and so on."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._ids, self._tries = itertools.count(), itertools.count()
        self.ended_on: list[str | None] = []
        self.avoided: list[frozenset[str]] = []
        self.refusal: ExpertUnavailable | None = None

    def new_id(self) -> str:
        return f"again {next(self._ids)}"

    async def granted(self, job: Job) -> Grant:
        if self.refusal:
            raise self.refusal
        at = next(self._tries) % self.slots
        return Grant(job.id, f"slot-{at}", at)

    async def ended(self, job: Job, *, trouble: str | None = None) -> None:
        self.ended_on.append(trouble)

    async def again(self, job: Job, *, since: float) -> None:
        self.avoided.append(job.avoid)


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Carries three requests out over slots that do what they are told, in the order of the tries."""

    async def carry(*plays: Play, client: Client, retries: int = 2) -> tuple[list[Completion], Carrier, Told]:
        turns = iter(plays)

        class Slot:
            def __init__(self, actor: Any) -> None:
                self.aborted: list[str] = []

            def run(self, name: str, expert: Any, requests: Sequence[Request], *, deltas: bool) -> Any:
                return next(turns)(requests)

            async def abort(self, ids: Sequence[str]) -> None:
                self.aborted += ids

        monkeypatch.setattr(carrying, "RemoteSlot", Slot)
        sampling = SamplingConfig(max_tokens=4)
        asked = tuple(
            Request(id=i, expert="a", query_id=i, messages=(Message("user", "?"),), sampling=sampling)
            for i in ("x", "y", "z")
        )
        carrier = Carrier({"a": VllmExpert(model="./a", sampling=sampling)}, retries)
        carrier.open |= {r.id: r for r in asked}
        job = Job(id="first", expert="a", family="f", prices=SwitchPrices(), requests=3)
        done: list[Any] = []
        told = Told()
        await carrier.carry_out(client, Piece(job, asked), 0.0, False, told, done.append)  # type: ignore[arg-type]
        return done, carrier, told

    return carry


async def test_a_job_that_goes_well_is_answered_and_ended(carried: Any) -> None:
    client = Client(slots=1)
    done, carrier, told = await carried(answers, client=client)
    assert [c.request_id for c in done] == ["x", "y", "z"]
    assert (client.ended_on, carrier.open, carrier.faults) == ([None], {}, [])
    assert [s.kind for s in told.switches] == ["reload"]


@pytest.mark.parametrize(("breaks", "kind"), [(dies, "slot_lost"), (raises, "slot_failed")])
async def test_what_a_broken_slot_left_is_done_elsewhere_and_said(
    carried: Any, breaks: Play, kind: str
) -> None:
    client = Client(slots=2)
    done, carrier, _ = await carried(breaks, answers, client=client)
    assert [c.request_id for c in done] == ["x", "y", "z"], "each once; the first was answered before"
    assert done[0].notes == ()
    assert all(c.notes and c.notes[0].endswith("The question was asked again.") for c in done[1:])
    assert client.ended_on == ["slot-0", None]
    assert client.avoided == [{"slot-0"}]
    assert [(f.kind, f.requests) for f in carrier.faults] == [(kind, 2)]


async def test_a_lost_slot_is_tried_again_although_there_is_no_other(carried: Any) -> None:
    done, _, _ = await carried(dies, answers, client=Client(slots=1))
    assert all(c.ok for c in done)


async def test_what_is_refused_is_tried_on_other_slots_but_not_twice_on_one(carried: Any) -> None:
    done, _, _ = await carried(refuses, client=Client(slots=1))
    assert [c.error for c in done] == ["Expert 'a' cannot answer: no memory."] * 3
    done, _, _ = await carried(refuses, answers, client=Client(slots=2))
    assert all(c.ok for c in done)


async def test_after_the_bound_it_fails_in_words(carried: Any) -> None:
    client = Client(slots=9)
    done, carrier, _ = await carried(refuses, refuses, client=client, retries=1)
    assert {c.error for c in done} == {"Expert 'a' cannot answer: no memory. It was tried on 2 slots."}
    assert all(c.retryable for c in done)
    assert carrier.open == {}


async def test_without_a_slot_all_fails_in_words(carried: Any) -> None:
    client = Client(slots=1)
    client.refusal = ExpertUnavailable("All slots were lost.")
    done, _, _ = await carried(client=client)
    assert {c.error for c in done} == {"All slots were lost."}


async def test_an_answer_that_comes_twice_counts_once(carried: Any) -> None:
    async def twice(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
        for request in requests:
            yield [said(request), failed(request, "too late")]

    done, _, _ = await carried(twice, client=Client(slots=1))
    assert [(c.request_id, c.ok) for c in done] == [("x", True), ("y", True), ("z", True)]


async def test_where_nobody_waits_any_more_the_slot_is_given_free(carried: Any) -> None:
    async def endless(requests: Sequence[Request]) -> AsyncIterator[Sequence[Any]]:
        await asyncio.sleep(60)
        yield []

    client = Client(slots=1)
    task = asyncio.create_task(carried(endless, client=client))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.ended_on == [None]
