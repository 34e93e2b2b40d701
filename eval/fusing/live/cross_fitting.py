"""How well a choice of aggregators does on questions that it was not made on.

The accuracy of a choice on the questions that it was made on is too high; here every question is
answered by the choice made on the other folds. Groups stay as they are: they know no scores.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aggregators.chosen.choice import VOTE
from aggregators.chosen.choosing import choose_aggregator, chosen_options
from aggregators.chosen.grouping import Grouping, Labels
from aggregators.config import AggregatorConfig
from eval.fusing.live.row import Floats

FOLDS = 5
_SEED = 0


def cross_fitted_picks(
    options: Mapping[str, AggregatorConfig],
    scores: Mapping[str, Floats],
    grouping: Grouping,
    labels: Labels,
) -> list[str]:
    """Option that each question goes to, by the choice made on the other folds; (n,).

    Args:
        options: by name, "vote" among them; it is taken where there are fewer than two questions.
        scores: of every option, (n,) in [0, 1].
        grouping: fitted groups.
        labels: (n,) the questions' groups.
    """
    n = len(labels)
    if n < 2:
        return [VOTE] * n
    fold = np.random.default_rng(_SEED).permutation(n) % min(FOLDS, n)
    picks = np.full(n, VOTE, dtype=object)
    for f in range(fold.max() + 1):
        rest, here = fold != f, fold == f
        choice = choose_aggregator(
            options, {o: s[rest] for o, s in scores.items()}, grouping=grouping, labels=labels[rest]
        )
        picks[here] = chosen_options(choice, labels[here])
    return [str(p) for p in picks]
