"""The outcome matrix: what each expert answered to benchmark questions, and whether it was right.

Everything that can be learned is learned from it. It holds scores, never gold answers, and knows
nothing of benchmarks, routers and files (`experts.outcome_table` saves it with its questions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError

_CUBES = ("score", "tokens", "seconds", "cost_usd", "certainty")


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeMatrix:
    """Outcomes per question, expert and sample. Arrays have shape (n, m, s).

    Raises:
        ConfigError: shapes disagree, names repeat, a score lies outside [0, 1].
    """

    question_ids: tuple[str, ...]
    """(n) unique."""
    experts: tuple[str, ...]
    """(m) unique names."""
    score: NDArray[np.float64]
    """(n, m, s) in [0, 1]; NaN = not run. Unparsed answers score 0, failures are NaN."""
    answer: NDArray[np.str_]
    """(n, m, s) extracted answers; "" = unparsed or not run."""
    tokens: NDArray[np.float64]
    """(n, m, s) completion tokens; NaN = unknown."""
    seconds: NDArray[np.float64]
    """(n, m, s) seconds from submission to the last token; NaN = unknown."""
    cost_usd: NDArray[np.float64]
    """(n, m, s) US dollars; NaN = unknown."""
    certainty: NDArray[np.float64]
    """(n, m, s) the expert's own certainty, higher is surer, without a unit; NaN = unknown."""
    subjects: tuple[str, ...] = ()
    """(n) coarse field of each question, such as "law"; "" = unknown. () = all unknown. Known when a
    router is fitted, never when it routes."""

    def __post_init__(self) -> None:
        shape = self.score.shape
        if len(shape) != 3 or shape[:2] != (len(self.question_ids), len(self.experts)):
            raise ConfigError(
                f"OutcomeMatrix.score must have shape (questions, experts, samples), here "
                f"({len(self.question_ids)}, {len(self.experts)}, s), got {shape}."
            )
        for name in ("answer", *_CUBES):
            if getattr(self, name).shape != shape:
                raise ConfigError(f"OutcomeMatrix.{name} must have score's shape {shape}.")
        for label, names in (("question_ids", self.question_ids), ("experts", self.experts)):
            if len(set(names)) != len(names):
                raise ConfigError(f"OutcomeMatrix.{label} must be unique.")
        if len(self.subjects) not in (0, len(self.question_ids)):
            raise ConfigError(
                f"OutcomeMatrix.subjects must name {len(self.question_ids)} subjects, one a question, or "
                f"none, got {len(self.subjects)}."
            )
        run = self.score[~np.isnan(self.score)]
        if run.size and (run.min() < 0 or run.max() > 1):
            raise ConfigError(f"OutcomeMatrix.score must lie in [0, 1], got {run.min()} to {run.max()}.")

    @classmethod
    def from_scores(
        cls,
        question_ids: Sequence[str],
        experts: Sequence[str],
        score: NDArray[np.float64],
        *,
        subjects: Sequence[str] = (),
    ) -> OutcomeMatrix:
        """A matrix of scores alone, shape (n, m) or (n, m, s); all else unknown."""
        cube = np.asarray(score, dtype=np.float64)
        cube = cube[:, :, None] if cube.ndim == 2 else cube
        unknown = np.full(cube.shape, np.nan)
        return cls(
            question_ids=tuple(question_ids),
            experts=tuple(experts),
            score=cube,
            answer=np.full(cube.shape, "", dtype=np.str_),
            tokens=unknown,
            seconds=unknown.copy(),
            cost_usd=unknown.copy(),
            certainty=unknown.copy(),
            subjects=tuple(subjects),
        )

    def mean_score(self) -> NDArray[np.float64]:
        """(n, m) mean over the samples that were run; NaN where none was."""
        run = ~np.isnan(self.score)
        total = np.where(run, self.score, 0.0).sum(axis=2)
        means: NDArray[np.float64] = np.full(total.shape, np.nan)
        np.divide(total, run.sum(axis=2), out=means, where=run.any(axis=2))
        return means

    def accuracy(self) -> dict[str, float]:
        """Mean score of every expert over the questions it was run on; NaN where it never ran."""
        means = self.mean_score()
        return {
            name: float(np.nanmean(means[:, j])) if not np.isnan(means[:, j]).all() else float("nan")
            for j, name in enumerate(self.experts)
        }

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> OutcomeMatrix:
        """The matrix of some questions, in the order given."""
        index = np.asarray(rows, dtype=np.int64)
        return OutcomeMatrix(
            question_ids=tuple(self.question_ids[int(i)] for i in index),
            experts=self.experts,
            answer=self.answer[index],
            subjects=tuple(self.subjects[int(i)] for i in index) if self.subjects else (),
            **{name: getattr(self, name)[index] for name in _CUBES},
        )

    def restrict(self, experts: Sequence[str]) -> OutcomeMatrix:
        """The matrix of some experts, in the order given.

        Raises:
            ConfigError: it has no such expert.
        """
        missing = [name for name in experts if name not in self.experts]
        if missing:
            raise ConfigError(
                f"The outcome matrix has no expert {', '.join(missing)}; it has {', '.join(self.experts)}."
            )
        columns = [self.experts.index(name) for name in experts]
        return OutcomeMatrix(
            question_ids=self.question_ids,
            experts=tuple(experts),
            answer=self.answer[:, columns],
            subjects=self.subjects,
            **{name: getattr(self, name)[:, columns] for name in _CUBES},
        )
