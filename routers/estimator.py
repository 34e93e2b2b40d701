"""The contract of estimators: from vectors of questions to the chance that each expert is right.

Everything learned that sees a question only as a vector is an estimator. `routers.embedding_router`
wraps one with an encoder, calibration and all that routers share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors
from routers.training_data import TrainingData

Chances = NDArray[np.float64]
"""(n, m) in [0, 1], finite: the chance that each expert is right. Calibrated by the router, if at all."""

State = Mapping[str, Any]
"""What was learned, by name: numpy arrays, numbers, texts, lists and dicts of these, scikit-learn
estimators. Saved by `experts.saving`."""


class Estimator(Protocol):
    """Learns from vectors and scores.

    As scikit-learn's estimators: the constructor only stores its configuration, `fit` sets attributes
    ending in `_`; fitting twice is fitting once; equal data give equal estimates in every process
    (randomness is seeded and local), whatever the order of the questions, up to 1e-9.
    """

    def fit(self, data: TrainingData) -> Self:
        """Learn; NaN is "not run", never wrong. An expert that never ran still gets chances."""
        ...

    def predict(self, vectors: Vectors) -> Chances:
        """(n, m) for vectors (n, d); (0, m) for none. One row's result does not depend on the others."""
        ...

    def explain(self, vectors: Vectors) -> list[tuple[str, ...]]:
        """Reasons that a person can check, per row one to five sentences.

        Such as "Cluster 7 (torts, contracts): gemma right on 41 of 52." Well under a millisecond a row.
        """
        ...

    def state(self) -> State:
        """What `fit` learned."""
        ...

    def restore(self, state: State) -> Self:
        """Take what `state` gave; predictions are then the same to the last bit."""
        ...


@runtime_checkable
class NarrowsPool(Protocol):
    """An estimator that keeps experts out, such as for a budget, whatever their chances are."""

    def allowed(self) -> NDArray[np.bool_]:
        """(m,) which experts may be chosen, at least one; the others' chances become 0 after calibration."""
        ...


@runtime_checkable
class ReadsTexts(Protocol):
    """An estimator that has texts of its own to be encoded before it is fitted, such as descriptions."""

    def texts_to_encode(self) -> list[str]:
        """What it wants to see as vectors."""
        ...

    def fit_texts(self, vectors: Vectors) -> Self:
        """Take the vectors of these texts, in order."""
        ...
