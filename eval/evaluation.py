"""Evaluates a system on benchmark questions, beside the baselines that it must beat.

The system is run as users run it; then the experts that it did not ask are asked too, so that every
baseline is computed on the same questions and the same completions. Knows no benchmark and no file.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compound.answer import Answer
from compound.system import Compound
from eval import baselines
from eval.baselines import Scores, Spent
from eval.profiling import Asked, outcome_matrix, run_experts
from eval.question import Question
from eval.runs.course import Course
from eval.scoring import score_verdict
from eval.system_run import run_system
from experts.errors import BenchmarkError
from experts.outcomes import OutcomeMatrix

Baselines = Literal["all", "cheap", "none"]
"""all; cheap: none that needs completions of its own beside those of the pool; none: nobody is asked whom
the system does not ask."""
_ROUNDING = 0.05
"""Calls beyond a whole number that are passed over, such as those of a few experts that were replaced."""
_NOT_ASKED_FOR = "left out by --baselines"


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """Everything that was found. Score vectors have shape (n,), in [0, 1], errors counted as 0."""

    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    asked: Asked
    """Completions of experts by question and expert: those of the whole pool, unless it was not asked."""
    outcomes: OutcomeMatrix
    """The same, scored; NaN where an expert was not run."""
    best_single: str | None
    """The expert with the best accuracy on *other* questions (validation); None without any."""
    scores: Mapping[str, Scores]
    """Row of the table -> score per question."""
    spent: Mapping[str, Spent]
    """Row of the table -> what it takes; only of rows that ask others than the system does."""
    absent: Mapping[str, str]
    """Row of the table that could not be computed -> why."""
    course: Course
    """Of the system's own run, and seconds of the baselines."""


def evaluate_system(
    system: Compound,
    questions: Sequence[Question],
    validation: Sequence[Question],
    *,
    beside: Baselines = "all",
) -> Evaluation:
    """Run the system and its baselines.

    Args:
        system: to be evaluated.
        questions: to report on.
        validation: to choose the best single expert on; empty: rows that need one are absent.
        beside: which baselines.

    Raises:
        BenchmarkError: a question is in both lists, or there is none to report on.
    """
    _check_apart(questions, validation)
    answers, course = run_system(system, questions)
    started = time.perf_counter()
    asked: Asked = {(c.query_id, c.expert): c for a in answers for c in a.completions if c.sample_index == 0}
    if beside != "none":
        asked = run_experts(system, questions, known=asked)
    outcomes = outcome_matrix(questions, tuple(system.config.experts), asked)
    rows = _Rows(system, questions, answers, asked, outcomes)
    rows.add(validation, beside)
    seconds = {**course.seconds, "baselines": time.perf_counter() - started}
    return Evaluation(
        questions=tuple(questions),
        answers=tuple(answers),
        asked=asked,
        outcomes=outcomes,
        best_single=rows.best_single,
        scores=rows.scores,
        spent=rows.spent,
        absent=rows.absent,
        course=course.model_copy(update={"seconds": seconds}),
    )


def _check_apart(questions: Sequence[Question], validation: Sequence[Question]) -> None:
    if not questions:
        raise BenchmarkError("An evaluation needs questions to report on, got none.")
    shared = {q.id for q in questions} & {q.id for q in validation}
    if shared:
        raise BenchmarkError(
            f"{len(shared)} questions are both to report on and to choose the best expert by, such as "
            f"{min(shared)!r}; the choice would be a lucky pick. Give two splits."
        )


@dataclass
class _Rows:
    """The rows of the table, as they are computed."""

    system: Compound
    questions: Sequence[Question]
    answers: Sequence[Answer]
    asked: Asked
    outcomes: OutcomeMatrix
    best_single: str | None = None

    def __post_init__(self) -> None:
        pairs = zip(self.answers, self.questions, strict=True)
        self.scores: dict[str, Scores] = {
            "system": baselines.as_scores([score_verdict(a.verdict, q) for a, q in pairs]),
            **baselines.votes(self.questions, self.answers),
        }
        self.spent: dict[str, Spent] = {}
        self.absent: dict[str, str] = {}

    def add(self, validation: Sequence[Question], beside: Baselines) -> None:
        """All rows but the system's and the votes over its own answers, in the order of the table."""
        if beside == "none":
            for row in ("router_top1", "best_single", "random", "oracle", "fixed_top_k"):
                self.absent[row] = _NOT_ASKED_FOR
        else:
            self.scores |= baselines.from_outcomes(self.answers, self.outcomes)
            self._chosen_on(validation, beside)
        self._aggregating(beside)

    def _chosen_on(self, validation: Sequence[Question], beside: Baselines) -> None:
        """Rows of experts that were chosen on other questions."""
        if not validation:
            reason = "there are no other questions to choose experts on"
            self.absent |= dict.fromkeys(("best_single", "fixed_top_k", "self_consistency"), reason)
            return
        ranked = baselines.best_first(self.system, validation)
        self.best_single = best = ranked[0]
        column = self.outcomes.experts.index(best)
        self.scores["best_single"] = baselines.without_errors(self.outcomes)[:, column]
        k = self.system.config.k
        self._add("fixed_top_k", baselines.fixed_vote(self.questions, self.asked, ranked[:k]))
        if beside != "all":
            self.absent["self_consistency"] = _NOT_ASKED_FOR
            return
        calls = self._calls()
        found = baselines.self_consistency(self.system, self.questions, best, calls)
        if found is None:
            self.absent["self_consistency"] = f"there are not {calls} recorded samples of {best} a question"
        else:
            self._add("self_consistency", found)

    def _aggregating(self, beside: Baselines) -> None:
        """Rows about an aggregating model; none where there is no model."""
        expert: str | None = getattr(self.system.config.aggregator, "expert", None)
        if expert is None:
            return
        if beside != "all":
            self.absent |= dict.fromkeys(("aggregator_alone", "shuffled_candidates"), _NOT_ASKED_FOR)
            return
        self._add("aggregator_alone", baselines.aggregator_alone(self.system, self.questions, expert))
        if len(self.questions) > 1:
            self.scores["shuffled_candidates"] = baselines.shuffled_candidates(
                self.system, self.questions, self.answers
            )

    def _calls(self) -> int:
        """The system's mean calls a question, rounded up: as many samples are fair to self-consistency."""
        calls = sum(len(a.completions) + (a.verdict.completion is not None) for a in self.answers)
        return math.ceil(calls / len(self.answers) - _ROUNDING)

    def _add(self, row: str, found: tuple[Scores, Spent]) -> None:
        self.scores[row], self.spent[row] = found
