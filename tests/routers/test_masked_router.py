"""A trained router masked to a smaller pool passes on what policies need, in the pool's order."""

from __future__ import annotations

import numpy as np
import pytest

from experts.errors import ConfigError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.baselines import FixedRouter
from routers.best_single import BestSingleRouter
from routers.config import BestSingleConfig
from routers.trained import MaskedRouter


def fitted() -> BestSingleRouter:
    queries = [Query.from_text(f"{i}?", id=f"q{i}") for i in range(40)]
    score = np.tile([1.0, 0.0, 0.5], (40, 1))
    router = BestSingleRouter(BestSingleConfig(kind="best_single"))
    return router.fit(queries, OutcomeMatrix.from_scores([q.id for q in queries], ("a", "b", "c"), score))


def test_accuracies_and_correlations_are_those_of_the_pool() -> None:
    router = fitted()
    router.error_correlation_ = np.array([[1, 0.1, 0.2], [0.1, 1, 0.3], [0.2, 0.3, 1]])
    masked = MaskedRouter(router, ("a", "b", "c"), ("c", "a"))
    assert masked.accuracies_ is not None
    np.testing.assert_array_equal(masked.accuracies_, router.accuracies_[[2, 0]])
    np.testing.assert_array_equal(masked.error_correlation_, [[1, 0.2], [0.2, 1]])
    decision = masked.route([Query.from_text("?", id="q")], 1)[0]
    assert (decision.chosen, tuple(decision.estimates)) == (("a",), ("c", "a"))


def test_a_router_that_gives_none_has_none_masked() -> None:
    masked = MaskedRouter(FixedRouter().bind(("a", "b")), ("a", "b"), ("b",))
    assert masked.accuracies_ is None and masked.error_correlation_ is None


def test_an_expert_that_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="knows no expert d; it was trained on a, b, c"):
        MaskedRouter(fitted(), ("a", "b", "c"), ("a", "d"))
