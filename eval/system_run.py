"""The system's own run over benchmark questions, and how it went. Scores nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from compound.answer import Answer
from compound.planned import Plan
from compound.planning_compare import Actual, Comparison, compare
from compound.system import Compound
from eval.question import Question
from eval.runs.course import Course
from experts.errors import CompoundError

_log = logging.getLogger(__name__)


def run_system(system: Compound, questions: Sequence[Question]) -> tuple[list[Answer], Course]:
    """Answers in order, and seconds, switches and faults of the run, beside its plan."""
    plan = _plan(system, questions)
    before, faults, used = system.switches(), system.faults(), system.usage()
    virtual, started = system.simulated_seconds(), time.perf_counter()
    answers = system.answer([q.query for q in questions])
    wall = time.perf_counter() - started
    switches, usage = system.switches() - before, system.usage()
    stages = answers[0].timings
    actual = Actual(
        seconds={"route": stages.route, "generate": stages.generate, "aggregate": stages.aggregate},
        switches=switches,
        prompt_tokens=usage.prompt_tokens - used.prompt_tokens,
        completion_tokens=usage.completion_tokens - used.completion_tokens,
        cost_usd=usage.cost_usd - used.cost_usd,
    )
    simulated = system.simulated_seconds() - virtual
    return answers, Course(
        seconds={**{str(name): s for name, s in actual.seconds.items()}, "system": wall},
        simulated=bool(simulated),
        simulated_seconds={"system": simulated} if simulated else {},
        switches=asdict(switches),
        planned=_planned(plan, actual, simulated),
        faults=tuple(asdict(fault) for fault in system.faults()[len(faults) :]),
    )


def _planned(plan: Plan | None, actual: Actual, simulated: float) -> tuple[Comparison, ...]:
    """Planned against actual; () where nothing took a slot."""
    if plan is None:
        return ()
    if simulated and [r.name for r in plan.rounds] == ["generate"]:
        # One round on the simulated machine: its clock is what the plan is of, not that of this process.
        return tuple(compare(plan, replace(actual, seconds={"generate": simulated})))
    return tuple(compare(plan, actual)) if plan.start_s else ()


def _plan(system: Compound, questions: Sequence[Question]) -> Plan | None:
    try:
        return system.plan([q.query for q in questions])
    except CompoundError as error:
        # An expert that cannot be had is a matter of the run, which will say so in its own place.
        _log.warning("no plan: %s", error)
        return None
