"""What an aggregator must beat on a live pool, on the same questions. Chooses nothing on test questions.

Self-consistency of the best single expert is drawn at every number of calls that a row takes, since
published gains of fusion are often smaller than what several samples of one model give (Symbolic-MoE's
own table, arXiv 2503.05641); that of the aggregating expert at the highest number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from compound.answer import Answer
from compound.system import Compound
from eval import baselines
from eval.fusing.live.measuring import baseline_run
from eval.fusing.live.row import Row, Run
from eval.profiling import outcome_matrix, run_experts
from eval.question import Question
from experts.errors import BenchmarkError
from experts.outcomes import OutcomeMatrix

BEST_SINGLE = "best single expert"
READER_ALONE = "aggregator model alone"
ORACLE_ASKED = "oracle: any asked expert right"
ORACLE_POOL = "oracle: any expert right"


def self_consistency(samples: int) -> str:
    """Name of the row with so many samples of the best single expert."""
    return f"its self-consistency, {samples} samples"


def reader_consistency(samples: int) -> str:
    """Name of the row with so many samples of the aggregating expert."""
    return f"aggregator model's self-consistency, {samples} samples"


Split = tuple[Sequence[Question], Sequence[Answer]]
"""Questions of a split, and the system's answers to them."""


def floors(
    system: Compound, validation: Split, test: Split, *, reader: str | None, samples: Sequence[int]
) -> tuple[dict[str, Row], str]:
    """Rows of all baselines, and the name of the best single expert on validation.

    Args:
        system: whose pool is asked.
        validation: to choose the best single expert by.
        test: to report on.
        reader: the aggregating expert; None: there is none, nor its rows.
        samples: numbers of samples of self-consistency, each at least 1; not empty.
    """
    outcomes = [_outcomes(system, split) for split in (validation, test)]
    accuracy = {name: np.nan_to_num(a, nan=-1.0) for name, a in outcomes[0].accuracy().items()}
    best = max(accuracy, key=lambda name: accuracy[name])
    runs: dict[str, list[Run]] = {}
    for (questions, answers), found in zip((validation, test), outcomes, strict=True):
        for name, run in _on_split(system, questions, answers, found, best, reader, samples).items():
            runs.setdefault(name, []).append(run)
    rows = {n: Row(name=n, validation=first, test=second) for n, (first, second) in runs.items()}
    return rows, best


def _outcomes(system: Compound, split: Split) -> OutcomeMatrix:
    questions, answers = split
    known = {(c.query_id, c.expert): c for a in answers for c in a.completions if c.sample_index == 0}
    experts = tuple(system.config.experts)
    return outcome_matrix(questions, experts, run_experts(system, questions, known=known))


def _on_split(
    system: Compound,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    outcomes: OutcomeMatrix,
    best: str,
    reader: str | None,
    samples: Sequence[int],
) -> Mapping[str, Run]:
    n = len(questions)

    def alone(expert: str) -> Run:
        return baseline_run(system, n, 1, lambda: baselines.aggregator_alone(system, questions, expert)[0])

    def consistency(expert: str, draws: int) -> Run:
        return baseline_run(system, n, draws, lambda: _consistency(system, questions, expert, draws))

    runs = {BEST_SINGLE: alone(best)}
    # Most samples first: the fewer are then in the store.
    consistent = {draws: consistency(best, draws) for draws in sorted(set(samples), reverse=True)}
    runs |= {self_consistency(draws): consistent[draws] for draws in sorted(consistent)}
    if reader is not None and reader != best:
        runs[READER_ALONE] = alone(reader)
        runs[reader_consistency(max(samples))] = consistency(reader, max(samples))
    return runs | _oracles(outcomes, answers)


def _consistency(
    system: Compound, questions: Sequence[Question], expert: str, draws: int
) -> baselines.Scores:
    found = baselines.self_consistency(system, questions, expert, draws)
    if found is None:
        raise BenchmarkError(
            f"Self-consistency needs {draws} samples a question of {expert}, and its recording has fewer; "
            "compare on an expert that runs, or record them."
        )
    return found[0]


def _oracles(outcomes: OutcomeMatrix, answers: Sequence[Answer]) -> dict[str, Run]:
    n = len(answers)
    scored = np.nan_to_num(outcomes.mean_score(), nan=0.0)
    column = {name: j for j, name in enumerate(outcomes.experts)}
    asked = [[column[c.expert] for c in a.completions] for a in answers]
    tokens = np.nan_to_num(outcomes.tokens[:, :, 0], nan=0.0)
    of_asked = _oracle(
        np.array([scored[i, js].max(initial=0.0) for i, js in enumerate(asked)]),
        np.array([len(js) for js in asked], np.float64),
        np.array([tokens[i, js].sum() for i, js in enumerate(asked)]),
    )
    of_pool = _oracle(scored.max(axis=1), np.full(n, float(len(outcomes.experts))), tokens.sum(axis=1))
    return {ORACLE_ASKED: of_asked, ORACLE_POOL: of_pool}


def _oracle(scores: baselines.Scores, calls: baselines.Scores, tokens: baselines.Scores) -> Run:
    """An oracle asks no aggregator; its prompt tokens are not counted."""
    return Run(
        scores=scores, calls=calls, prompt_tokens=np.full(len(scores), np.nan), completion_tokens=tokens
    )
