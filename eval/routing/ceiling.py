"""How far routing could get: experts predicted from what *other* experts made of the very same question.

    python -m eval.routing.ceiling --matrix matrix.parquet --pool pools.json:small10

No router can do this, for the question would have to be asked of all the others first: their outcomes
say how hard it is and what it asks for, far more than its text does. What is reached with it is an
estimate of what no text can bring (our own reason). Knows no router.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from eval.routing.inputs import load_pool
from eval.routing.recorded_vote import Array, RecordedAnswers, vote_scores
from experts.outcome_table import OutcomeTable
from routers.policies.choose import best_first
from routers.training_data import filled

STRENGTH = 0.1
"""Inverse L2 penalty; not tuned."""


def ceiling(table: OutcomeTable, pool: OutcomeTable) -> dict[str, float]:
    """Test accuracy with one expert and with a vote of three, fitted on train and validation.

    Args:
        table: of all experts.
        pool: the same questions, of the pool.

    Returns:
        `k=1`, `k=3` and `others`, the number of experts outside the pool.
    """
    others = [name for name in table.experts if name not in pool.experts]
    seen = filled(table.outcomes.restrict(others).mean_score()) - 0.5
    fitted = np.concatenate([pool.split("train"), pool.split("validation")])
    asked = pool.split("test")
    chances = _predict(seen[fitted], pool.outcomes.mean_score()[fitted], seen[asked])
    recorded = RecordedAnswers.of(pool.take(asked))
    order = best_first(chances)
    found = {f"k={k}": float(vote_scores(recorded, chances, order[:, :k].tolist()).mean()) for k in (1, 3)}
    return {**found, "others": float(len(others))}


def _predict(seen: Array, scores: Array, asked: Array) -> Array:
    """(n, m) chances by a logistic regression per expert on the outcomes of others."""
    from sklearn.linear_model import LogisticRegression

    columns = []
    for score in scores.T:
        run = ~np.isnan(score)
        model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(seen[run], score[run] > 0.5)
        columns.append(model.predict_proba(asked)[:, 1])
    return np.stack(columns, axis=1)


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--matrix", type=Path, required=True)
    parser.add_argument("--pool", required=True)
    arguments = parser.parse_args()
    found = ceiling(OutcomeTable.load(arguments.matrix), load_pool(arguments.matrix, arguments.pool))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
