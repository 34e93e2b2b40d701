"""The slots through the rounds of a plan: who becomes resident where, in what time, resting on what.

Starts cold; what a round leaves resident and parked is where the next one starts. Knows demands and
learned costs, neither queries nor prices in dollars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from compound.planning_demand import Demand
from experts.scheduling.cost_estimates import token_units
from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.round_plan import Residency, plan_round
from experts.scheduling.work import ExpertWork, SlotState, SwitchPrices


@dataclass(frozen=True, slots=True)
class SlotRound:
    """What one round does with the slots."""

    slots: tuple[tuple[Residency, ...], ...]
    seconds: tuple[float, ...]
    """When every slot ends; 0.0 where it has no work."""
    guessed_s: float
    """Of all slots' seconds those that rest on first guesses."""
    moved_bytes: int


class PlannedSlots:
    """A number of slots that work through rounds one after another."""

    def __init__(
        self,
        number: int,
        facts: Mapping[str, ModelFacts],
        costs: CostBook,
        *,
        last: str | None = None,
        parked: int = 0,
    ) -> None:
        """Cold slots.

        Args:
            number: at least 1.
            facts: of every expert that is hosted here.
            costs: of such slots.
            last: the expert that aggregates.
            parked: engines of other families that a slot keeps (`hosting.parked_engines`).
        """
        self._facts, self._costs, self._parked = facts, costs, parked
        self._last = facts[last].key if last is not None and last in facts else None
        self._states = tuple(SlotState() for _ in range(number))
        self._names = {f.key: name for name, f in reversed(list(facts.items()))}

    def run(self, demands: Sequence[Demand]) -> SlotRound:
        """Plan one round; demands of experts that are not hosted here are passed over."""
        works = self._work([d for d in demands if d.expert in self._facts])
        planned = plan_round(works, self._states, last=self._last)
        ran = tuple(tuple(self._named(r) for r in part) for part in planned.slots)
        residencies = [r for part in ran for r in part]
        self._states = tuple(
            self._after(state, part) for state, part in zip(self._states, planned.slots, strict=True)
        )
        return SlotRound(
            slots=ran,
            seconds=planned.seconds,
            guessed_s=sum(self._guessed(r) for r in residencies),
            moved_bytes=sum(self._facts[r.expert].weight_bytes for r in residencies if r.switch),
        )

    def _work(self, demands: Sequence[Demand]) -> list[ExpertWork]:
        """Work by model: experts that are one model are one to the slots."""
        by_model: dict[str, list[Demand]] = {}
        for demand in demands:
            by_model.setdefault(self._facts[demand.expert].key, []).append(demand)
        return [
            ExpertWork(
                expert=key,
                family=(facts := self._facts[asked[0].expert]).family,
                requests=sum(d.requests for d in asked),
                seconds=self._costs.work_line(facts).seconds(
                    sum(token_units(d.prompt_tokens, d.completion_tokens) for d in asked)
                ),
                prices=self._prices(facts),
            )
            for key, asked in by_model.items()
        ]

    def _prices(self, facts: ModelFacts) -> SwitchPrices:
        prices = self._costs.prices(facts)
        # Where engines are parked, another family gets a process of its own beside them.
        return replace(prices, engine_s=prices.process_s) if self._parked else prices

    def _named(self, residency: Residency) -> Residency:
        """As people know it: by the expert's name, and by the kind of switch that the slot will count."""
        kind = residency.switch
        if kind == "new_engine" and self._parked:
            kind = "new_process"
        return replace(residency, expert=self._names[residency.expert], switch=kind)

    def _guessed(self, residency: Residency) -> float:
        facts = self._facts[residency.expert]
        guessed = residency.seconds if self._costs.work_line(facts).basis == "guess" else 0.0
        if residency.switch and self._costs.switch_seconds(facts, residency.switch).basis == "guess":
            guessed += residency.switch_s
        return guessed

    def _after(self, state: SlotState, ran: Sequence[Residency]) -> SlotState:
        """The slot as a round leaves it; engines that are left behind are parked, the latest kept."""
        families = {f.key: f.family for f in self._facts.values()}
        for residency in ran:
            family = families[residency.expert]
            parked = state.parked
            if state.expert is not None and state.family not in (None, family):
                kept = [p for p in parked if p[0] != family]
                parked = (*kept, (str(state.family), state.expert))[-self._parked :] if self._parked else ()
            state = SlotState(expert=residency.expert, family=family, parked=parked)
        return state
