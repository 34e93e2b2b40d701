"""The outcome matrix of a run from its rows, where its file is not there. Knows no file.

Seconds and certainties are not in rows and are NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eval.question import Question
from eval.runs.matrix import run_table
from eval.runs.row import QuestionRow
from eval.scoring import SCORES
from experts.errors import BenchmarkError
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix


def rebuilt_matrix(rows: Sequence[QuestionRow], questions: Mapping[str, Question]) -> OutcomeTable:
    """Outcomes of all experts in `rows`; NaN where one failed or was not run.

    Args:
        rows: of a run, with at least one expert.
        questions: by id; those of all rows.

    Raises:
        BenchmarkError: no expert, or a question that is not there.
    """
    experts = tuple(dict.fromkeys(expert.expert for row in rows for expert in row.experts))
    lacking = [row.id for row in rows if row.id not in questions]
    if lacking or not experts:
        problem = f"the question {lacking[0]!r} is no longer to be had" if lacking else "no expert was run"
        raise BenchmarkError(f"The outcome matrix cannot be made again: {problem}.")
    shape = (len(rows), len(experts), 1)
    score, tokens, cost = (np.full(shape, np.nan) for _ in range(3))
    answers = np.full(shape, "", dtype=object)
    for i, row in enumerate(rows):
        for expert in row.experts:
            j = experts.index(expert.expert)
            if expert.outcome == "error":
                continue
            score[i, j, 0] = SCORES[expert.outcome]
            answers[i, j, 0] = expert.answer or ""
            tokens[i, j, 0] = expert.completion_tokens
            cost[i, j, 0] = expert.cost_usd
    outcomes = OutcomeMatrix(
        question_ids=tuple(row.id for row in rows),
        experts=experts,
        score=score,
        answer=answers.astype(str),
        tokens=tokens,
        seconds=np.full(shape, np.nan),
        cost_usd=cost,
        certainty=np.full(shape, np.nan),
        subjects=tuple(row.subject for row in rows),
    )
    return run_table([questions[row.id] for row in rows], outcomes)
