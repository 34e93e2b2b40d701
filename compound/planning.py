"""The planner: what a run will load, move, generate, take and cost, before anything runs.

    plan(queries, config, known_costs(config)).seconds

Goes through the rounds of a run with the scheduler's own round planner and the learned costs. Starts
nothing, downloads nothing, asks no expert. Not in the figures: time of endpoints, of reading and writing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregators.aggregator import Aggregator
from compound.build import fitting_aggregator
from compound.config import SystemConfig
from compound.planned import Plan, PlannedRound
from compound.planning_demand import Demand, DemandEstimator, RoundName, RoutingBasis
from compound.planning_machine import is_simulated, slot_facts
from compound.planning_slots import PlannedSlots, SlotRound
from experts.config import OpenAIExpert
from experts.errors import ConfigError
from experts.query import Query
from experts.scheduling.costs import CostBook
from experts.scheduling.model_costs import ModelFacts
from experts.scheduling.switches import count_kinds

Rounds = Sequence[tuple[RoundName, Sequence[Demand]]]


def plan(
    queries: Sequence[Query],
    config: SystemConfig,
    costs: CostBook,
    *,
    k: int | None = None,
    slots: int | None = None,
) -> Plan:
    """Plan a run from a cold start: no process runs yet.

    Args:
        queries: of the run, at least one.
        config: of the system, its paths absolute.
        costs: of a slot of this machine; an empty book gives first guesses.
        k: experts a query; None: as configured.
        slots: None: as configured.

    Raises:
        ConfigError: no query, no slot, a model's folder that cannot be read, or an aggregator that cannot be
            built or asks somebody who is not there.
        RouterError: k is out of range, or the router is not fitted.
    """
    slots = config.hosting.slots if slots is None else slots
    if not queries:
        raise ConfigError("There is nothing to plan: the list of questions is empty.")
    if slots < 1:
        raise ConfigError(f"A plan needs at least 1 slot, got {slots}.")
    facts = slot_facts(config)
    k = config.k if k is None else k
    aggregator = fitting_aggregator(config)
    rounds, routing = _rounds(queries, config, k, costs, facts, aggregator)
    last = next(iter(aggregator.experts), None)
    ran, wider = (_run(rounds, number, facts, config, costs, last) for number in (slots, slots + 1))
    hosted = any(part for one in ran for part in one.slots)
    start = costs.start_seconds()
    # A simulated machine is there from the beginning.
    start_s = start.seconds if hosted and not is_simulated(config) else 0.0
    all_s = start_s + sum(sum(one.seconds) for one in ran)
    guessed_s = sum(one.guessed_s for one in ran) + (start_s if start.basis == "guess" else 0.0)
    return Plan(
        queries=len(queries),
        k=k,
        device=costs.device,
        rounds=tuple(_round(config, *asked, one) for asked, one in zip(rounds, ran, strict=True)),
        routing=routing,
        start_s=start_s,
        bottleneck=_bottleneck(ran) if hosted else None,
        moved_bytes=sum(one.moved_bytes for one in ran),
        guessed_share=guessed_s / all_s if all_s else 0.0,
        one_more_slot_s=start_s + sum(max(one.seconds) for one in wider),
        unknown_models=tuple(name for name, f in facts.items() if not f.weight_bytes),
    )


def _rounds(
    queries: Sequence[Query],
    config: SystemConfig,
    k: int,
    costs: CostBook,
    facts: Mapping[str, ModelFacts],
    aggregator: Aggregator,
) -> tuple[Rounds, RoutingBasis]:
    """The rounds that ask anybody anything, in order, and how it is known who is asked."""
    keys = {n: facts[n].key if n in facts else _remote_key(config, n) for n in config.all_experts}
    estimator = DemandEstimator(queries, config, k, costs, keys, aggregator)
    generate, routing = estimator.generate()
    rounds: list[tuple[RoundName, Sequence[Demand]]] = [
        ("route", estimator.route()),
        ("generate", generate),
        ("aggregate", estimator.aggregate()),
    ]
    return [(name, demands) for name, demands in rounds if demands], routing


def _remote_key(config: SystemConfig, name: str) -> str:
    """Key of a model that is not hosted here: an endpoint's name and address, else the expert's name."""
    expert = config.all_experts[name]
    return (
        f"{expert.model}@{expert.base_url}" if isinstance(expert, OpenAIExpert) else f"{expert.kind}:{name}"
    )


def _run(
    rounds: Rounds,
    slots: int,
    facts: Mapping[str, ModelFacts],
    config: SystemConfig,
    costs: CostBook,
    last: str | None,
) -> list[SlotRound]:
    parked = 0 if is_simulated(config) else config.hosting.parked_engines
    planned = PlannedSlots(slots, facts, costs, last=last, parked=parked)
    return [planned.run(demands) for _, demands in rounds]


def _round(config: SystemConfig, name: RoundName, demands: Sequence[Demand], ran: SlotRound) -> PlannedRound:
    residencies = [r for part in ran.slots for r in part]
    return PlannedRound(
        name=name,
        requests=sum(d.requests for d in demands),
        prompt_tokens=round(sum(d.prompt_tokens for d in demands)),
        completion_tokens=round(sum(d.completion_tokens for d in demands)),
        cost_usd=sum(d.cost_usd(config.all_experts[d.expert].price) for d in demands),
        seconds=max(ran.seconds),
        slots=ran.slots,
        slot_seconds=ran.seconds,
        switches=count_kinds(r.switch for r in residencies),
        switch_s=sum(r.switch_s for r in residencies),
    )


def _bottleneck(ran: Sequence[SlotRound]) -> int:
    """The slot for which rounds last longest: the one that ends last, counted by the rounds' seconds."""
    waits = [0.0] * len(ran[0].seconds)
    for one in ran:
        waits[one.seconds.index(max(one.seconds))] += max(one.seconds)
    return waits.index(max(waits))
