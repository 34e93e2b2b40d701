"""From requests to the scheduler's jobs: cut into pieces, with estimated seconds and prices.

Also the way back: what slots report is learned in the cost book. Knows no Ray and no slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError
from experts.hosting.device_name import slot_device
from experts.hosting.hosted_expert import model_key
from experts.hosting.model_facts import model_facts
from experts.hosting.records import WorkDone
from experts.scheduling.cost_file import default_cost_path, load_costs, save_costs
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.switches import Switch
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


class JobMaker:
    """Jobs of a pool's experts."""

    def __init__(self, experts: Mapping[str, VllmExpert], hosting: HostingConfig, last: str | None) -> None:
        """Read the costs that are known.

        Args:
            experts: by name.
            hosting: where costs are kept, and this client's priority.
            last: the expert that aggregates.
        """
        self._experts, self._hosting, self._last = experts, hosting, last
        self._path: Path = hosting.costs or default_cost_path()
        self.book = load_costs(self._path, slot_device(hosting))
        """What is known of prices and speeds."""
        self._news = False
        self._facts: dict[str, ModelFacts] = {}

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
        if self._hosting.parked_engines:
            # Where engines are parked, another family gets a process of its own beside them.
            prices = replace(prices, engine_s=prices.process_s)
        return Job(
            id=job_id,
            expert=model_key(self._experts[name]),
            family=facts.family,
            prices=prices,
            requests=len(requests),
            seconds=seconds,
            priority=self._hosting.priority,
            round=together,
            last=name == self._last,
        )

    def facts(self, name: str) -> ModelFacts:
        """What is known of an expert's model; where its files cannot be read, the slot will say why."""
        if name not in self._facts:
            try:
                found = model_facts(self._experts[name])
            except CompoundError:
                found = ModelFacts(key=f"unknown:{name}", family=f"unknown:{name}")
            self._facts[name] = found
        return self._facts[name]

    def learn_start(self, seconds: float) -> None:
        """Learn how long it took until slots could be used."""
        self.book.observe_start(seconds)

    def learn(self, switches: Sequence[Switch], work: Sequence[WorkDone]) -> None:
        """Learn from what a batch took.

        Jobs of one expert on one slot overlap; they are one observation. Of switches that a slot reports
        under another client's name for a model nothing is learned.
        """
        for switch in switches:
            if switch.expert not in self._experts:
                continue
            facts, seconds = self.facts(switch.expert), switch.seconds
            if switch.kind == "wake" and switch.reloaded:
                seconds = max(0.0, seconds - self.book.prices(facts).reload_s)
            self.book.observe_switch(facts, switch.kind, seconds)
        together: dict[tuple[str, str], list[WorkDone]] = {}
        for done in work:
            together.setdefault((done.slot, done.expert), []).append(done)
        for (_, expert), parts in together.items():
            self.book.observe_work(
                self.facts(expert),
                requests=sum(p.requests for p in parts),
                prompt_tokens=sum(p.prompt_tokens for p in parts),
                completion_tokens=sum(p.completion_tokens for p in parts),
                seconds=sum(p.seconds for p in parts),
                prompt_characters=sum(p.prompt_characters for p in parts),
            )
        self._news = self._news or bool(switches or work)

    def keep(self, *, always: bool = False) -> None:
        """Put what is new into the file; `always`: also where nothing was learned here."""
        if self._news or always:
            self._news = False
            save_costs(self._path, self.book)
