"""From requests to the scheduler's jobs: cut into pieces, with estimated seconds and prices.

Knows models by their facts and costs, not where experts run or what a configuration says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from experts.completion import Request
from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.work import Job

_LARGEST = 512
"""Most requests of a job: it is started as a whole, and others wait for its end. Twice what an engine
runs at once, so that cutting costs next to nothing."""
_SMALLEST = 16
"""Fewer requests than that are not worth a job of their own for the sake of balance."""
_PIECES_PER_SLOT = 8
"""A round is cut so finely that slots can end within about an eighth of each other."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A job and the requests in it, all to one expert."""

    job: Job
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """Cuts batches of one client."""

    book: CostBook
    """What is known of prices and speeds."""
    facts: Callable[[str], ModelFacts]
    """Expert -> what is known of its model."""
    key: Callable[[str], str]
    """Expert -> what tells its model apart on a slot."""
    last: str | None = None
    """The expert that aggregates; it comes last on its slot."""
    priority: int = 0
    """Of the client's jobs."""
    parked: bool = False
    """Whether engines of other families are kept beside the live one."""

    def cut(self, requests: Sequence[Request], slots: int, new_id: Callable[[], str]) -> list[Piece]:
        """Pieces of a batch, which the scheduler then plans together; a single request comes alone."""
        by_expert: dict[str, list[Request]] = {}
        for request in requests:
            by_expert.setdefault(request.expert, []).append(request)
        size = len(requests) // (_PIECES_PER_SLOT * slots) if slots > 1 else _LARGEST
        size = min(_LARGEST, max(_SMALLEST, size))
        together = new_id() if len(requests) > 1 else None
        return [
            Piece(
                self._job(new_id(), name, asked[at : at + size], together, at == 0),
                tuple(asked[at : at + size]),
            )
            for name, asked in by_expert.items()
            for at in range(0, len(asked), size)
        ]

    def _job(
        self, job_id: str, name: str, requests: Sequence[Request], together: str | None, first: bool
    ) -> Job:
        facts = self.facts(name)
        characters = sum(len(m.content) for r in requests for m in r.messages)
        prompts = self.book.prompt_tokens(facts.key, characters)
        answers = sum(self.book.answer_tokens(facts.key, r.sampling.max_tokens) for r in requests)
        seconds = self.book.generate_seconds(facts, len(requests), prompts, answers)
        if not first:
            # What a residency costs beside its tokens is paid once, by the first piece.
            seconds -= self.book.work_line(facts).fixed_s
        prices = self.book.prices(facts)
        if self.parked:
            # Where engines are parked, another family gets a process of its own beside them.
            prices = replace(prices, engine_s=prices.process_s)
        return Job(
            id=job_id,
            expert=self.key(name),
            family=facts.family,
            prices=prices,
            requests=len(requests),
            seconds=seconds,
            priority=self.priority,
            round=together,
            last=name == self.last,
        )
