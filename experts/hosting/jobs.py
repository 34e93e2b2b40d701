"""The jobs of hosted experts, and what is learned from them: what slots report goes into the cost book.

Knows how models are told apart and where costs are kept; no Ray and no slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from experts.completion import Request
from experts.config import HostingConfig, VllmExpert
from experts.errors import CompoundError
from experts.hosting.device_name import slot_device
from experts.hosting.hosted_expert import model_key
from experts.hosting.model_facts import model_facts
from experts.hosting.records import WorkDone
from experts.scheduling.cost_file import default_cost_path, load_costs, save_costs
from experts.scheduling.cutting import Cutter, Piece
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.switches import Switch


class JobMaker:
    """Jobs of a pool's experts."""

    def __init__(self, experts: Mapping[str, VllmExpert], hosting: HostingConfig, last: str | None) -> None:
        """Read the costs that are known.

        Args:
            experts: by name.
            hosting: where costs are kept, and this client's priority.
            last: the expert that aggregates.
        """
        self._experts = experts
        self._path: Path = hosting.costs or default_cost_path()
        self.book = load_costs(self._path, slot_device(hosting))
        """What is known of prices and speeds."""
        self._news = False
        self._facts: dict[str, ModelFacts] = {}
        self._cutter = Cutter(
            book=self.book,
            facts=self.facts,
            key=lambda name: model_key(experts[name]),
            last=last,
            priority=hosting.priority,
            parked=bool(hosting.parked_engines),
        )

    def cut(self, requests: Sequence[Request], slots: int, new_id: Callable[[], str]) -> list[Piece]:
        """Pieces of a batch, see `experts.scheduling.cutting`."""
        return self._cutter.cut(requests, slots, new_id)

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
