"""What a system must beat, computed on the same questions and where possible on the same completions.

Knows no benchmark and no report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aggregators.build import build_aggregator
from aggregators.votes.config import MajorityVoteConfig, WeightedVoteConfig
from compound.answer import Answer
from compound.system import Compound
from eval.profiling import expert_request, outcome_matrix, run_experts
from eval.question import Question
from eval.scoring import SCORES, Outcome, score_completion, score_verdict
from experts.completion import Completion, Usage
from experts.extraction import with_answer
from experts.outcomes import OutcomeMatrix
from experts.verdict import Candidates

Scores = NDArray[np.float64]
"""(n,) in [0, 1], one per question; errors count as 0."""


class Spent(NamedTuple):
    """What a row of the table takes, mean per question."""

    calls: float
    tokens: float
    """Completion tokens over all calls."""
    cost_usd: float


SELF_CONSISTENCY_TEMPERATURE = 0.7
"""Of its samples, where the expert is configured greedy; as in Symbolic-MoE (arXiv 2503.05641)."""


def as_scores(outcomes: Sequence[Outcome]) -> Scores:
    """Scores of outcomes, errors as 0: who fails has not answered."""
    return np.nan_to_num(np.array([SCORES[o] for o in outcomes], dtype=np.float64), nan=0.0)


def without_errors(outcomes: OutcomeMatrix) -> Scores:
    """(n, m) scores of experts, errors as 0."""
    return np.nan_to_num(outcomes.mean_score(), nan=0.0)


def best_first(system: Compound, validation: Sequence[Question]) -> list[str]:
    """Experts by accuracy on the validation questions, best first; equals as configured."""
    matrix = outcome_matrix(validation, tuple(system.config.experts), run_experts(system, validation))
    accuracy = {name: np.nan_to_num(value, nan=-1.0) for name, value in matrix.accuracy().items()}
    return sorted(accuracy, key=lambda name: -accuracy[name])


def from_outcomes(answers: Sequence[Answer], outcomes: OutcomeMatrix) -> dict[str, Scores]:
    """Baselines that need the whole pool's outcomes and nothing else.

    Args:
        answers: of the system, for the decisions.
        outcomes: of the whole pool on the same questions.
    """
    scored = without_errors(outcomes)
    column = {name: j for j, name in enumerate(outcomes.experts)}
    top1 = [scored[i, column[a.decision.ranked[0]]] for i, a in enumerate(answers)]
    return {
        "router_top1": np.array(top1),
        # The expectation over a uniformly random expert, not one lucky draw.
        "random": scored.mean(axis=1),
        "oracle": scored.max(axis=1),
    }


def votes(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, Scores]:
    """Votes over the very completions that the system fused."""
    items = [_candidates(q, a, a.completions) for q, a in zip(questions, answers, strict=True)]
    return {
        "majority_vote": _voted(MajorityVoteConfig(), questions, items),
        "weighted_vote": _voted(WeightedVoteConfig(), questions, items),
    }


def fixed_vote(
    questions: Sequence[Question], asked: Mapping[tuple[str, str], Completion], experts: Sequence[str]
) -> tuple[Scores, Spent]:
    """Majority vote of the same experts on every question: what choosing them per question must beat.

    Args:
        questions: to report on.
        asked: completions of these experts on them.
        experts: names, best first: an equal vote goes to the better one.
    """
    given = [tuple(with_answer(asked[q.id, name], q.query) for name in experts) for q in questions]
    items = [Candidates(query=q.query, completions=c) for q, c in zip(questions, given, strict=True)]
    return _voted(MajorityVoteConfig(), questions, items), _spent(given)


def self_consistency(
    system: Compound, questions: Sequence[Question], expert: str, samples: int
) -> tuple[Scores, Spent] | None:
    """Majority vote over several samples of one expert (Wang et al., arXiv 2203.11171).

    Args:
        system: whose expert and prompts are used.
        questions: to ask.
        expert: the best single one.
        samples: per question; as many as the system's calls, to be fair.

    Returns:
        None where the samples cannot be had: recorded outputs mostly hold one a question.
    """
    own = system.config.all_experts[expert].sampling
    # Without a seed, which would make all samples the same one.
    sampling = own.model_copy(
        update={"temperature": own.temperature or SELF_CONSISTENCY_TEMPERATURE, "seed": None}
    )
    requests = [
        expert_request(system, question, expert, sampling=sampling, sample_index=index)
        for question in questions
        for index in range(samples)
    ]
    completions = system.complete(requests)
    if expert in system.played_back and not all(c.ok for c in completions):
        return None
    drawn = iter(completions)
    given = [tuple(with_answer(next(drawn), q.query) for _ in range(samples)) for q in questions]
    items = [Candidates(query=q.query, completions=c) for q, c in zip(questions, given, strict=True)]
    return _voted(MajorityVoteConfig(), questions, items), _spent(given)


def aggregator_alone(system: Compound, questions: Sequence[Question], expert: str) -> tuple[Scores, Spent]:
    """The aggregator model on the bare questions: what it knows without candidates."""
    asked = run_experts(system, questions, experts=(expert,))
    given = [(asked[q.id, expert],) for q in questions]
    scores = as_scores([score_completion(c, q) for (c,), q in zip(given, questions, strict=True)])
    return scores, _spent(given)


def shuffled_candidates(system: Compound, questions: Sequence[Question], answers: Sequence[Answer]) -> Scores:
    """The system's aggregator over candidates that answered another question: does it read them?

    Every question gets the candidates of another one (a seeded cycle; of two or more questions).
    """
    order = np.random.default_rng(0).permutation(len(questions))
    donor = dict(zip(order.tolist(), np.roll(order, 1).tolist(), strict=True))
    items = []
    for i, question in enumerate(questions):
        foreign = [replace(c, query_id=question.id, answer=None) for c in answers[donor[i]].completions]
        completions = [with_answer(c, question.query) for c in foreign]
        items.append(_candidates(question, answers[donor[i]], completions))
    verdicts = build_aggregator(system.config.aggregator).aggregate(items, generate=system.generate)
    return as_scores([score_verdict(v, q) for v, q in zip(verdicts, questions, strict=True)])


def _spent(given: Sequence[Sequence[Completion]]) -> Spent:
    usage = sum((c.usage for completions in given for c in completions), Usage())
    n = len(given)
    calls = sum(map(len, given)) / n
    return Spent(calls=calls, tokens=usage.completion_tokens / n, cost_usd=usage.cost_usd / n)


def _candidates(question: Question, answer: Answer, completions: Sequence[Completion]) -> Candidates:
    return Candidates(
        query=question.query,
        completions=tuple(completions),
        estimates=answer.decision.estimates if answer.decision.calibrated else {},
    )


def _voted(
    config: MajorityVoteConfig | WeightedVoteConfig,
    questions: Sequence[Question],
    items: Sequence[Candidates],
) -> Scores:
    verdicts = build_aggregator(config).aggregate(items)
    return as_scores([score_verdict(v, q) for v, q in zip(verdicts, questions, strict=True)])
