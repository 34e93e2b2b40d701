"""The ceiling sees what experts outside the pool made of the question itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eval.routing.ceiling import ceiling
from experts.outcome_table import OutcomeTable


def test_an_expert_outside_the_pool_that_is_right_whenever_bob_is_gives_bob_away(
    recorded_pool: OutcomeTable,
) -> None:
    scores = recorded_pool.outcomes.score.copy()
    scores[:, 2] = scores[:, 1]
    scores[:, 0] = 1.0 - scores[:, 1]
    answer = np.where(scores > 0, "A", "B")
    table = replace(recorded_pool, outcomes=replace(recorded_pool.outcomes, score=scores, answer=answer))
    found = ceiling(table, table.restrict(["ann", "bob"]))
    assert found["others"] == 1.0
    assert found["k=1"] == 1.0
