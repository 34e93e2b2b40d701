"""One more column of scores: what the training-free routers share when an expert joins the pool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError
from routers.training_data import Scores


def with_expert(
    experts: tuple[str, ...],
    fitted: Scores,
    order: NDArray[np.int64],
    name: str,
    scores: NDArray[np.float64],
) -> tuple[tuple[str, ...], Scores]:
    """The pool and its scores (n, m + 1), with the new expert last.

    Args:
        experts: (m) names so far.
        fitted: (n, m) scores so far, in the estimator's own order of questions.
        order: (n,) row that each of these questions had in `fit`.
        name: of the new expert.
        scores: (n,) in the order that the questions had in `fit`; NaN = not run.

    Raises:
        RouterError: the name is taken, or scores are not one a question or outside [0, 1].
    """
    if name in experts:
        raise RouterError(f"The pool has an expert {name!r} already: give the new one another name.")
    column = np.asarray(scores, dtype=np.float64)
    if column.shape != (len(fitted),):
        raise RouterError(
            f"A new expert needs one score for each of the {len(fitted)} fitted questions, in their order "
            f"(NaN = not run), got an array of shape {column.shape}."
        )
    run = column[~np.isnan(column)]
    if run.size and (run.min() < 0 or run.max() > 1):
        raise RouterError(
            f"Scores of expert {name!r} must lie in [0, 1], got {run.min():g} to {run.max():g}."
        )
    return (*experts, name), np.concatenate([fitted, column[order, None]], axis=1)
