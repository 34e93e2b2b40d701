"""Runs every expert of a pool on benchmark questions and keeps the outcomes.

Makes the outcome matrix that routers and reports learn from. Knows no router and no aggregator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from compound.system import Compound
from eval.question import Question
from eval.scoring import SCORES, score_completion
from experts.completion import Completion, Request
from experts.extraction import extract_answer
from experts.outcomes import OutcomeMatrix
from experts.prompts import render_messages
from experts.sampling import SamplingConfig

Asked = Mapping[tuple[str, str], Completion]
"""(question id, expert) -> completion."""


def run_experts(
    system: Compound,
    questions: Sequence[Question],
    experts: Sequence[str] | None = None,
    known: Asked | None = None,
) -> dict[tuple[str, str], Completion]:
    """Completions of every expert on every question, as one round.

    Args:
        system: whose pool, prompts and sampling are used.
        questions: ids unique.
        experts: names; None: the whole pool.
        known: completions that need not be made again.
    """
    names = tuple(system.config.experts) if experts is None else tuple(experts)
    known = known or {}
    requests = [
        expert_request(system, question, name)
        for question in questions
        for name in names
        if (question.id, name) not in known
    ]
    completions = system.complete(requests) if requests else []
    return {**known, **{(c.query_id, c.expert): c for c in completions}}


def expert_request(
    system: Compound,
    question: Question,
    expert: str,
    *,
    sampling: SamplingConfig | None = None,
    sample_index: int = 0,
) -> Request:
    """One expert asked one question, as the system would; `sampling` in place of the expert's own."""
    return Request(
        id=f"profile/{question.id}/{expert}/{sample_index}",
        expert=expert,
        query_id=question.id,
        messages=render_messages(question.query, system.config.prompts),
        sampling=sampling or system.config.all_experts[expert].sampling,
        sample_index=sample_index,
    )


def outcome_matrix(questions: Sequence[Question], experts: Sequence[str], asked: Asked) -> OutcomeMatrix:
    """Outcomes of one sample per question and expert, scored; failures are NaN.

    The certainty is the self-certainty, NaN where it was not asked for (`SamplingConfig.certainty`).
    """
    shape = (len(questions), len(experts), 1)
    score, tokens, seconds, cost, certainty = (np.full(shape, np.nan) for _ in range(5))
    answers = np.full(shape, "", dtype=object)
    for i, question in enumerate(questions):
        for j, name in enumerate(experts):
            completion = asked.get((question.id, name))
            if completion is None:
                continue
            score[i, j, 0] = SCORES[score_completion(completion, question)]
            answers[i, j, 0] = extract_answer(completion.text, question.query) or ""
            tokens[i, j, 0] = completion.usage.completion_tokens
            seconds[i, j, 0] = completion.usage.seconds
            cost[i, j, 0] = completion.usage.cost_usd
            if completion.certainty is not None:
                certainty[i, j, 0] = completion.certainty.self_certainty
    return OutcomeMatrix(
        question_ids=tuple(q.id for q in questions),
        experts=tuple(experts),
        score=score,
        answer=answers.astype(np.str_),
        tokens=tokens,
        seconds=seconds,
        cost_usd=cost,
        certainty=certainty,
        subjects=tuple(q.subject for q in questions),
    )
