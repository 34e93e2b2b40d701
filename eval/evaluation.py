"""Evaluates a system on benchmark questions, beside the baselines that it must beat.

The system is run as users run it; then the experts that it did not ask are asked too, so that every
baseline is computed on the same questions and the same completions. Knows no benchmark.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from compound.answer import Answer, Timings
from compound.planned import Plan
from compound.planning_compare import Actual, Comparison, compare
from compound.planning_demand import RoundName
from compound.system import Compound
from eval import baselines
from eval.metrics import Counts, count
from eval.profiling import outcome_matrix, run_experts
from eval.question import Question
from eval.scoring import score_verdict
from experts.completion import Usage
from experts.errors import BenchmarkError, CompoundError
from experts.hosting.records import Fault
from experts.outcomes import OutcomeMatrix
from experts.scheduling.switches import SwitchCounts

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Everything that was found. Score vectors have shape (n,), in [0, 1], errors counted as 0."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    outcomes: OutcomeMatrix
    """Every expert of the pool on every question."""
    best_single: str
    """The expert with the best accuracy on *other* questions (validation)."""
    counts: Counts
    """Outcomes of the system's answers."""
    truncated: int
    """Completions of the system that were cut off."""
    scores: dict[str, baselines.Scores]
    """Row of the table -> score per question."""
    switches: SwitchCounts
    """Of the system's own run."""
    usage: Usage
    """Of the system's own run, over all questions."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall seconds of the system's own run by stage."""
    planned: Sequence[Comparison] = ()
    """What was planned for a cold start against what the system's own run took; empty: nothing is hosted
    here, or it could not be planned."""
    faults: Sequence[Fault] = ()
    """What broke during the system's own run, and what was done about it."""


def evaluate_system(
    system: Compound, questions: Sequence[Question], validation: Sequence[Question]
) -> Evaluation:
    """Run the system and all baselines.

    Args:
        system: to be evaluated.
        questions: to report on.
        validation: to choose the best single expert on.

    Raises:
        BenchmarkError: a question is in both lists, or one of them is empty.
    """
    _check_apart(questions, validation)
    plan = _plan(system, questions)
    before, faults, used, started = system.switches(), system.faults(), system.usage(), time.perf_counter()
    answers = system.answer([q.query for q in questions])
    wall = time.perf_counter() - started
    switches = system.switches() - before
    usage = system.usage()
    actual = Actual(
        seconds=_stages(answers[0].timings),
        switches=switches,
        prompt_tokens=usage.prompt_tokens - used.prompt_tokens,
        completion_tokens=usage.completion_tokens - used.completion_tokens,
        cost_usd=usage.cost_usd - used.cost_usd,
    )
    new_faults = system.faults()[len(faults) :]
    known = {(c.query_id, c.expert): c for a in answers for c in a.completions if c.sample_index == 0}
    experts = tuple(system.config.experts)
    asked = run_experts(system, questions, known=known)
    outcomes = outcome_matrix(questions, experts, asked)
    verdicts = [score_verdict(a.verdict, q) for a, q in zip(answers, questions, strict=True)]
    best = baselines.best_single(system, validation)
    scores = {"system": baselines.as_scores(verdicts)} | _scores(system, questions, answers, outcomes, best)
    return Evaluation(
        questions=tuple(questions),
        answers=tuple(answers),
        outcomes=outcomes,
        best_single=best,
        counts=count(verdicts),
        truncated=sum(c.finish_reason == "length" for a in answers for c in a.completions),
        scores=scores,
        switches=switches,
        usage=sum((a.usage for a in answers), Usage()),
        seconds={**{str(name): s for name, s in actual.seconds.items()}, "total": wall},
        planned=compare(plan, actual) if plan and plan.start_s else (),
        faults=tuple(new_faults),
    )


def _plan(system: Compound, questions: Sequence[Question]) -> Plan | None:
    try:
        return system.plan([q.query for q in questions])
    except CompoundError as error:
        # An expert that cannot be had is a matter of the run, which will say so in its own place.
        _log.warning("no plan: %s", error)
        return None


def _stages(stages: Timings) -> dict[RoundName, float]:
    return {"route": stages.route, "generate": stages.generate, "aggregate": stages.aggregate}


def _check_apart(questions: Sequence[Question], validation: Sequence[Question]) -> None:
    if not questions or not validation:
        raise BenchmarkError("An evaluation needs questions to report on and others to choose by.")
    shared = {q.id for q in questions} & {q.id for q in validation}
    if shared:
        raise BenchmarkError(
            f"{len(shared)} questions are both to report on and to choose the best expert by, such as "
            f"{min(shared)!r}; the choice would be a lucky pick. Give two splits."
        )


def _scores(
    system: Compound,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    outcomes: OutcomeMatrix,
    best: str,
) -> dict[str, baselines.Scores]:
    """All rows but the system's own; the ones about an aggregating model only where there is one."""
    calls = max(len(a.completions) + (a.verdict.completion is not None) for a in answers)
    scores = baselines.from_outcomes(answers, outcomes, best) | baselines.votes(questions, answers)
    scores["self_consistency"] = baselines.self_consistency(system, questions, best, calls)
    aggregating: str | None = getattr(system.config.aggregator, "expert", None)
    if aggregating is not None:
        scores["aggregator_alone"] = baselines.aggregator_alone(system, questions, aggregating)
        if len(questions) > 1:
            scores["shuffled_candidates"] = baselines.shuffled_candidates(system, questions, answers)
    return scores
