"""Planned against actual: the rows of the report after a run. Knows no system and measures nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from compound.planned import Plan
from compound.planning_demand import RoundName
from experts.scheduling.switches import SwitchCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """What a run measured."""

    seconds: Mapping[RoundName, float]
    """Wall seconds by round, as in `Timings`; the first one with hosted work includes the start of slots."""
    switches: SwitchCounts
    prompt_tokens: int
    """Of all rounds that `seconds` names, the annotator's included where it names `route`."""
    completion_tokens: int
    cost_usd: float = 0.0


Comparison = dict[str, str | float | None]
"""`what` (such as "seconds, generate"), `planned`, `actual`, and `ratio`: actual over planned, None where
nothing was planned."""


def compare(plan: Plan, actual: Actual) -> list[Comparison]:
    """Rows for seconds by round and in all, switches by kind, tokens and cost.

    Seconds cover the rounds that both sides have or that were measured; a round that was planned and not
    measured has the actual value 0.
    """
    planned_s = {r.name: r.seconds for r in plan.rounds}
    started_in = next((r.name for r in plan.rounds if any(r.slots)), None)
    if started_in is not None:
        planned_s[started_in] += plan.start_s
    names = [*planned_s, *(name for name in actual.seconds if name not in planned_s)]
    rows = [_row(f"seconds, {n}", planned_s.get(n, 0.0), actual.seconds.get(n, 0.0)) for n in names]
    rows.append(_row("seconds", plan.seconds, sum(actual.seconds.values())))
    rows += [
        _row(f"switches, {f.name}", getattr(plan.switches, f.name), getattr(actual.switches, f.name))
        for f in fields(SwitchCounts)
    ]
    return [
        *rows,
        _row("prompt tokens", plan.prompt_tokens, actual.prompt_tokens),
        _row("completion tokens", plan.completion_tokens, actual.completion_tokens),
        _row("cost in dollars", plan.cost_usd, actual.cost_usd),
    ]


def _row(what: str, planned: float, actual: float) -> Comparison:
    return {
        "what": what,
        "planned": planned,
        "actual": actual,
        "ratio": actual / planned if planned else None,
    }
