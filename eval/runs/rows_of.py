"""Makes the rows of a run from what was asked and answered. Knows no file and no statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence

from compound.answer import Answer
from compound.system import Compound
from eval.evaluation import Evaluation
from eval.profiling import Asked, expert_request
from eval.question import Question
from eval.runs.row import ExpertRow, QuestionRow
from eval.scoring import Outcome, score_answer, score_verdict
from experts.completion import Completion
from experts.outcomes import OutcomeMatrix
from experts.store import completion_key

_NOT_KEPT = "(words of an engine, not kept for a private question)"


def evaluated_rows(system: Compound, evaluation: Evaluation) -> list[QuestionRow]:
    """Rows of a whole evaluation, in the order of its questions."""
    asked = [{c.expert for c in answer.completions} for answer in evaluation.answers]
    experts = _expert_rows(system, evaluation.questions, evaluation.asked, evaluation.outcomes, asked)
    rows = []
    for i, (question, answer) in enumerate(zip(evaluation.questions, evaluation.answers, strict=True)):
        scores = {name: float(values[i]) for name, values in evaluation.scores.items()}
        rows.append(_row(question, answer, scores, experts[i]))
    return rows


def expert_rows(
    system: Compound, questions: Sequence[Question], asked: Asked, outcomes: OutcomeMatrix
) -> list[QuestionRow]:
    """Rows of a run of experts only."""
    nobody: list[set[str]] = [set() for _ in questions]
    experts = _expert_rows(system, questions, asked, outcomes, nobody)
    return [
        _known_of(question).model_copy(update={"experts": rows})
        for question, rows in zip(questions, experts, strict=True)
    ]


def _row(
    question: Question, answer: Answer, scores: dict[str, float], experts: tuple[ExpertRow, ...]
) -> QuestionRow:
    verdict, decision = answer.verdict, answer.decision
    fused = verdict.completion
    cut_off = [c for c in (*answer.completions, *((fused,) if fused else ())) if c.finish_reason == "length"]
    found = {
        "outcome": score_verdict(verdict, question),
        "answer": answer.answer,
        "support": verdict.support,
        "abstained": answer.abstained,
        "stopped": answer.stopped,
        "chosen": decision.chosen,
        "estimates": dict(decision.estimates),
        "calibrated": decision.calibrated,
        # A reason may quote the question, or one that is like it.
        "reasons": () if question.private else tuple(decision.reasons),
        "calls": len(answer.completions) + (fused is not None),
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "cost_usd": answer.usage.cost_usd,
        "truncated": len(cut_off),
        "warnings": tuple(_NOT_KEPT if question.private else told for told in answer.warnings),
        "error": _kept(answer.error, question),
        "scores": scores,
        "experts": experts,
    }
    return _known_of(question).model_copy(update=found)


def _kept(told: str | None, question: Question) -> str | None:
    """Words of an engine, which may quote what it was asked."""
    return _NOT_KEPT if told is not None and question.private else told


def _known_of(question: Question) -> QuestionRow:
    """What is known of a question before anybody is asked."""
    return QuestionRow(
        id=question.id,
        benchmark=question.benchmark,
        subject=question.subject,
        gold=question.gold,
        permutation=question.permutation,
        private=question.private,
    )


def _expert_rows(
    system: Compound,
    questions: Sequence[Question],
    asked: Asked,
    outcomes: OutcomeMatrix,
    by_system: Sequence[set[str]],
) -> list[tuple[ExpertRow, ...]]:
    """By question, the experts that were run on it."""
    identities = {name: system.identity(name) for name in outcomes.experts}
    rows = []
    for i, question in enumerate(questions):
        found = []
        for j, name in enumerate(outcomes.experts):
            completion = asked.get((question.id, name))
            if completion is None:
                continue
            answer = str(outcomes.answer[i, j, 0]) or None
            key = completion_key(identities[name], expert_request(system, question, name))
            outcome = _outcome(float(outcomes.score[i, j, 0]), answer)
            found.append(
                _expert_row(question, completion, outcome, answer, key if completion.ok else "").model_copy(
                    update={"asked": name in by_system[i]}
                )
            )
        rows.append(tuple(found))
    return rows


def _outcome(score: float, answer: str | None) -> Outcome:
    """What an expert's score came from; experts never abstain."""
    if math.isnan(score):
        return "error"
    if answer is None:
        return "unparsed"
    return "right" if score == 1.0 else "wrong"


def _expert_row(
    question: Question, completion: Completion, outcome: Outcome, answer: str | None, key: str
) -> ExpertRow:
    official = None
    if question.official is not None and completion.ok:
        official = score_answer(question.official(completion.text, question.query), question)
    return ExpertRow(
        expert=completion.expert,
        outcome=outcome,
        answer=answer,
        official=official,
        truncated=completion.finish_reason == "length",
        prompt_tokens=completion.usage.prompt_tokens,
        completion_tokens=completion.usage.completion_tokens,
        cost_usd=completion.usage.cost_usd,
        key=key,
        error=_kept(completion.error, question),
    )
