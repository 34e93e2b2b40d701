"""Cells of an outcome matrix as they come, one a call; arrays, because a source may have millions.

Knows questions and experts as numbers only.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from experts.outcomes import OutcomeMatrix

ANSWER_LIMIT = 200
"""Characters kept of an answer. The matrix is of fixed width: one answer of 15,000 characters among
40,800 cells would take 2.4 GB."""
_PLACES = ("row", "expert", "sample")
_MEASURES = ("score", "tokens", "seconds", "cost_usd")


class Cells:
    """Takes cells in any order; `matrix` lays them out."""

    def __init__(self) -> None:
        self.cut = 0
        """Answers that were longer than `ANSWER_LIMIT`."""
        self._places = {name: array("q") for name in _PLACES}
        self._measures = {name: array("d") for name in _MEASURES}
        self._answers: dict[int, str] = {}
        self._next: Counter[tuple[int, int]] = Counter()

    def __len__(self) -> int:
        return len(self._places["row"])

    def add(
        self, row: int, expert: int, sample: int | None, measures: Mapping[str, float], answer: str
    ) -> None:
        """One cell; `sample` None = the next of this question and expert."""
        if sample is None:
            sample = self._next[row, expert]
            self._next[row, expert] += 1
        if answer:
            self.cut += len(answer) > ANSWER_LIMIT
            self._answers[len(self)] = answer[:ANSWER_LIMIT]
        for name, place in zip(_PLACES, (row, expert, sample), strict=True):
            self._places[name].append(place)
        for name in _MEASURES:
            self._measures[name].append(measures[name])

    def matrix(
        self, ids: Sequence[str], experts: Sequence[str], subjects: Sequence[str]
    ) -> tuple[OutcomeMatrix, int]:
        """The cells laid out, and how many repeated an earlier one, which stands."""
        places = [np.array(self._places[name], dtype=np.int64) for name in _PLACES]
        shape = (len(ids), len(experts), int(places[2].max()) + 1)
        _, kept = np.unique(np.ravel_multi_index(places, shape), return_index=True)
        index = tuple(place[kept] for place in places)

        def cube(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
            values = np.full(shape, np.nan)
            values[index] = np.array(self._measures[name])[kept]
            return values

        answers = np.full(shape, "", dtype=f"<U{max(map(len, self._answers.values()), default=1)}")
        answers[index] = [self._answers.get(int(k), "") for k in kept]
        matrix = replace(
            OutcomeMatrix.from_scores(
                ids, experts, cube("score"), subjects=subjects if any(subjects) else ()
            ),
            answer=answers,
            tokens=cube("tokens"),
            seconds=cube("seconds"),
            cost_usd=cube("cost_usd"),
        )
        return matrix, len(self) - kept.size
