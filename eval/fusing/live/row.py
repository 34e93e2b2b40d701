"""One way to answer, measured on the two splits of a live comparison. Measures nothing, knows no table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aggregators.config import AggregatorConfig

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a way to answer did on the questions of one split. Vectors are (n,), one per question."""

    scores: Floats
    """In [0, 1]; errors count as 0."""
    calls: Floats
    """Completions that the answer took: experts' and the aggregator's own. Annotators are not in it."""
    prompt_tokens: Floats
    completion_tokens: Floats
    seconds: float | None = None
    """Wall seconds of the fusing round (of a baseline: of its own completions) over all questions; None
    where completions came from the store, so that nothing was waited for."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Questions by what happened to them: `fall-back`, `abstained`, `cut off`, `unparsed`, `error`."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A way to answer on both splits."""

    name: str
    validation: Run
    test: Run
    config: AggregatorConfig | None = None
    """None for a baseline."""


def picked(name: str, rows: Mapping[str, Run], picks: Sequence[str]) -> Run:
    """The run in which each question is answered by the run named for it.

    Args:
        name: of the new run, for the error.
        rows: by name, on the same questions.
        picks: one name per question.

    Raises:
        ValueError: the number of picks is not that of the questions.
    """
    n = len(next(iter(rows.values())).scores)
    if len(picks) != n:
        raise ValueError(f"{name} needs {n} picks, one per question, got {len(picks)}.")

    def column(of: str) -> Floats:
        return np.array([getattr(rows[p], of)[i] for i, p in enumerate(picks)], dtype=np.float64)

    return Run(
        scores=column("scores"),
        calls=column("calls"),
        prompt_tokens=column("prompt_tokens"),
        completion_tokens=column("completion_tokens"),
    )
