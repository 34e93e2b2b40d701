"""An order of questions that does not depend on the order in which they came.

Sums and seeded starts then see the same rows in the same places, so that a fit depends on the
questions alone. Knows no estimator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routers.training_data import TrainingData


def canonical_order(data: TrainingData) -> NDArray[np.int64]:
    """(n,) rows sorted by text, then by vector, subject and scores; rows that tie are equal."""

    def key(row: int) -> tuple[str, bytes, str, bytes]:
        return (
            data.texts[row],
            data.vectors[row].tobytes(),
            data.subjects[row],
            data.scores[row].tobytes(),
        )

    return np.array(sorted(range(len(data.texts)), key=key), dtype=np.int64)
