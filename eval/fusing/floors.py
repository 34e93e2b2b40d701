"""What an aggregator must beat on recorded outcomes, recomputed in every run on the same questions.

The best single expert, fixed top-k votes, votes of the k nearest neighbours' best, boosted trees over all
answers, and the oracle. Knows no learned fusion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eval.fusing.estimates import router_estimates
from eval.routing.floors import Floor, floors
from eval.routing.recorded_vote import RecordedAnswers, vote_scores
from experts.encoders.config import EncoderConfig
from experts.outcome_table import OutcomeTable
from routers.neighbours.config import KnnConfig
from routers.training_data import expert_means

Floats = NDArray[np.float64]
TREES = "boosted trees on all"
_CLIP = 0.02


def fusing_floors(
    encoder: EncoderConfig, fitted: OutcomeTable, test: OutcomeTable, sizes: tuple[int, ...]
) -> list[Floor]:
    """All rules, learned from `fitted` and scored on `test`.

    Args:
        encoder: of the nearest neighbours.
        fitted: train and validation questions.
        test: of the same pool.
        sizes: numbers of experts to vote.
    """
    knn = KnnConfig(
        kind="knn", neighbours=64, temperature=1e6, dimensions=None, calibrate=False, encoder=encoder
    )
    left_out, near = router_estimates(knn, fitted, test)
    recorded, means = RecordedAnswers.of(test), expert_means(fitted.outcomes.mean_score())
    fixed = np.broadcast_to(means, near.shape)
    known = {floor.name: floor for floor in floors(fitted, test)}
    found = [known[name] for name in ("best single", "best per gold subject", "oracle") if name in known]
    for k in sizes:
        found.append(_vote(f"fixed top-{k} vote", recorded, fixed, k))
        found.append(_vote(f"64-NN vote of {k}", recorded, near, k))
    found.append(_boosted(left_out.chances, fitted, near, test))
    return found


def _vote(name: str, recorded: RecordedAnswers, chances: Floats, k: int) -> Floor:
    order = np.argsort(-chances, axis=1, kind="stable")[:, :k]
    chosen = [tuple(int(j) for j in row) for row in order]
    return Floor(name=name, scores=vote_scores(recorded, chances, chosen), chosen=chosen)


def _boosted(left_out: Floats, fitted: OutcomeTable, near: Floats, test: OutcomeTable) -> Floor:
    """Gradient-boosted trees with default settings over the answers of all experts.

    One row per answer given: who gave it, how many, their log-odds vote by the neighbours' estimates, how
    many options there are, and the estimates.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    question, code, features, right = _rows(fitted, left_out)
    trees = HistGradientBoostingClassifier(random_state=0).fit(features, right >= 0.5)
    question, code, features, right = _rows(test, near)
    chances = trees.predict_proba(features)[:, 1]
    width = int(code.max(initial=0)) + 1
    table, scores = np.full((len(test.queries), width), -1.0), np.zeros((len(test.queries), width))
    table[question, code], scores[question, code] = chances, right
    n, m = len(test.queries), len(test.experts)
    picked = scores[np.arange(n), table.argmax(axis=1)]
    return Floor(name=TREES, scores=picked, chosen=[tuple(range(m))] * n)


def _rows(
    table: OutcomeTable, chances: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    recorded = RecordedAnswers.of(table)
    gave = recorded.codes[:, :, None] == np.arange(recorded.distinct)
    question, code = np.nonzero(gave.any(axis=1))
    mine = gave[question, :, code]
    p = np.clip(chances, _CLIP, 1 - _CLIP)
    weight = np.log(p * (recorded.options[:, None] - 1) / (1 - p))
    features = np.column_stack(
        [
            mine,
            mine.sum(axis=1),
            (mine * weight[question]).sum(axis=1),
            recorded.options[question],
            chances[question],
        ]
    )
    right = np.where(mine, recorded.scores[question], 0.0).max(axis=1)
    return question, code, features.astype(np.float64), right
