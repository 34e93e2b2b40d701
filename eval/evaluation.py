"""Evaluates a system on benchmark questions, beside the baselines that it must beat.

The system is run as users run it; then the experts that it did not ask are asked too, so that every
baseline is computed on the same questions and the same completions. Knows no benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aggregators.build import build_aggregator
from aggregators.config import MajorityVoteConfig, WeightedVoteConfig
from compound.answer import Answer, Timings
from compound.system import Compound
from eval.metrics import Counts, count
from eval.profiling import outcome_matrix, run_experts
from eval.question import Question
from eval.scoring import SCORES, Outcome, score_completion, score_verdict
from experts.completion import Usage
from experts.errors import BenchmarkError
from experts.hosting.switches import SwitchCounts
from experts.outcomes import OutcomeMatrix
from experts.verdict import Candidates


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
    scores: dict[str, NDArray[np.float64]]
    """Row of the table -> score per question."""
    switches: SwitchCounts
    """Of the system's own run."""
    usage: Usage
    """Of the system's own run, over all questions."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall seconds of the system's own run by stage."""


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
    before, started = system.switches(), time.perf_counter()
    answers = system.answer([q.query for q in questions])
    wall = time.perf_counter() - started
    switches = system.switches() - before
    known = {(c.query_id, c.expert): c for a in answers for c in a.completions if c.sample_index == 0}
    experts = tuple(system.config.experts)
    asked = run_experts(system, questions, known=known)
    outcomes = outcome_matrix(questions, experts, asked)
    verdicts = [score_verdict(a.verdict, q) for a, q in zip(answers, questions, strict=True)]
    best = _best_single(system, validation)
    scores = {"system": _scores(verdicts)} | _baselines(questions, answers, outcomes, best)
    alone = _aggregator_alone(system, questions)
    if alone is not None:
        scores["aggregator_alone"] = alone
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
        seconds=_seconds(answers[0].timings, wall),
    )


def _seconds(stages: Timings, wall: float) -> dict[str, float]:
    return {
        "route": stages.route,
        "generate": stages.generate,
        "aggregate": stages.aggregate,
        "total": wall,
    }


def _check_apart(questions: Sequence[Question], validation: Sequence[Question]) -> None:
    if not questions or not validation:
        raise BenchmarkError("An evaluation needs questions to report on and others to choose by.")
    shared = {q.id for q in questions} & {q.id for q in validation}
    if shared:
        raise BenchmarkError(
            f"{len(shared)} questions are both to report on and to choose the best expert by, such as "
            f"{min(shared)!r}; the choice would be a lucky pick. Give two splits."
        )


def _baselines(
    questions: Sequence[Question], answers: Sequence[Answer], outcomes: OutcomeMatrix, best: str
) -> dict[str, NDArray[np.float64]]:
    scored = np.nan_to_num(outcomes.mean_score(), nan=0.0)
    column = {name: j for j, name in enumerate(outcomes.experts)}
    top1 = [scored[i, column[a.decision.ranked[0]]] for i, a in enumerate(answers)]
    return {
        "router_top1": np.array(top1),
        "majority_vote": _vote(MajorityVoteConfig(), questions, answers),
        "weighted_vote": _vote(WeightedVoteConfig(), questions, answers),
        "best_single": scored[:, column[best]],
        # The expectation over a uniformly random expert, not one lucky draw.
        "random": scored.mean(axis=1),
        "oracle": scored.max(axis=1),
    }


def _vote(
    config: MajorityVoteConfig | WeightedVoteConfig, questions: Sequence[Question], answers: Sequence[Answer]
) -> NDArray[np.float64]:
    """A vote over the very completions that the system fused."""
    items = [
        Candidates(
            query=q.query,
            completions=a.completions,
            estimates=a.decision.estimates if a.decision.calibrated else {},
        )
        for q, a in zip(questions, answers, strict=True)
    ]
    verdicts = build_aggregator(config).aggregate(items)
    return _scores([score_verdict(v, q) for v, q in zip(verdicts, questions, strict=True)])


def _best_single(system: Compound, validation: Sequence[Question]) -> str:
    matrix = outcome_matrix(validation, tuple(system.config.experts), run_experts(system, validation))
    accuracy = {name: np.nan_to_num(value, nan=-1.0) for name, value in matrix.accuracy().items()}
    return max(accuracy, key=lambda name: accuracy[name])


def _aggregator_alone(system: Compound, questions: Sequence[Question]) -> NDArray[np.float64] | None:
    """The aggregator model on the bare questions; None where the aggregator is no model."""
    name = getattr(system.config.aggregator, "expert", None)
    if name is None:
        return None
    asked = run_experts(system, questions, experts=(name,))
    return _scores([score_completion(asked[q.id, name], q) for q in questions])


def _scores(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    return np.nan_to_num(np.array([SCORES[o] for o in outcomes], dtype=np.float64), nan=0.0)
