"""How a router gets better with the number of profiled questions."""

from __future__ import annotations

import numpy as np

from eval.routing.bench import MOST_EXPERTS, policy_input
from eval.routing.recorded_vote import RecordedAnswers, vote_scores
from eval.routing.trial import try_router
from experts.outcome_table import OutcomeTable
from routers.config import TrainableConfig
from routers.policies.choose import choose
from routers.policies.config import TopKPolicyConfig

SIZES = (250, 500, 1000, 2000, 4000)
_SEED = 11


def learning_curve(table: OutcomeTable, config: TrainableConfig) -> list[dict[str, float]]:
    """Test accuracy with one and with three experts, fitted on ever more of train and validation.

    Args:
        table: of the pool, with splits.
        config: the router.

    Returns:
        A point per size, smaller ones parts of larger ones: `questions`, and by the number of experts
        the accuracy of the k best under a log-odds vote.
    """
    test = table.take(table.split("test"))
    rows = np.concatenate([table.split("train"), table.split("validation")])
    drawn = np.random.default_rng(_SEED).permutation(rows)
    recorded = RecordedAnswers.of(test)
    points = []
    for size in [s for s in SIZES if s < len(rows)] + [len(rows)]:
        fitted = table.take(np.sort(drawn[:size]))
        trial = try_router(config, fitted, test)
        given = policy_input(trial, fitted)
        point: dict[str, float] = {"questions": size}
        for k in MOST_EXPERTS:
            chosen = choose(TopKPolicyConfig(), given, min(k, len(table.experts)))
            point[str(k)] = float(vote_scores(recorded, trial.prediction.chances, chosen).mean())
        points.append(point)
    return points
