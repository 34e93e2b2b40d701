"""Cheap experts first, more only where an answer is in doubt: pool and threshold chosen, questions played.

The pool is the most accurate experts on train, asked cheapest first. A learned fusion judges every answer,
and a question stops at the support that took the fewest tokens on questions left out in turn, of those that
were within one standard error of the best expert's accuracy. It is played as a system runs it with
`router: fixed`, `aggregator: learned` and `stopping: posterior` with `first: 1`: no router sees the
question; all there is to tell are the length of an answer and agreement. Knows no file and no test split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.learned.learned import LearnedFusion
from compound.stopping import PosteriorRule
from compound.stopping_config import PosteriorStoppingConfig
from eval.fusing.early import play
from eval.fusing.estimates import PARTS, LeftOut
from eval.fusing.fitting import fit_fusion
from eval.fusing.recorded import RecordedCandidates
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable
from routers.training_data import expert_means, folds

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99)
"""Supports at which stopping is tried; at 0 the cheapest expert always decides alone."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Played:
    """What answering some questions came to."""

    scores: Floats
    """(n,) in [0, 1]."""
    tokens: Floats
    """(n,) completion tokens of all experts asked."""
    calls: Floats
    """(n,) experts asked."""


def choose_pool(train: OutcomeTable, size: int) -> tuple[str, ...]:
    """The most accurate experts on train that answered all of it, cheapest first.

    Args:
        train: of all candidates, with token counts.
        size: of the pool, at least 2.

    Raises:
        ConfigError: fewer experts than `size` were run on every question with tokens on record.
    """
    scores, tokens = train.outcomes.score[:, :, 0], train.outcomes.tokens[:, :, 0]
    whole = np.flatnonzero(~(np.isnan(scores) | np.isnan(tokens)).any(axis=0))
    if not 2 <= size <= len(whole):
        raise ConfigError(
            f"A pool of {size} cannot be chosen: it needs at least 2, and {len(whole)} experts were run on "
            "every train question with their tokens on record; give another --size or more candidates."
        )
    means, used = scores[:, whole].mean(axis=0), tokens[:, whole].mean(axis=0)
    picked = np.argsort(-means, kind="stable")[:size]
    return tuple(train.experts[int(whole[j])] for j in picked[np.argsort(used[picked], kind="stable")])


def best_expert(train: OutcomeTable, pool: Sequence[str] | None = None) -> str:
    """The most accurate on train, not run counting as wrong; the first of equals."""
    names = train.experts if pool is None else tuple(pool)
    means = np.nan_to_num(train.restrict(names).outcomes.score[:, :, 0]).mean(axis=0)
    return names[int(means.argmax())]


def least_tokens(tried: Mapping[float, Played], best: Played) -> float | None:
    """The cheapest threshold within one standard error of the best expert's accuracy (Breiman et al. 1984).

    Demanding the very same accuracy would choose by one or two questions, and choose anew with other ones.

    Args:
        tried: what each threshold came to.
        best: the best expert alone, on the same questions in the same order.

    Returns:
        None where no threshold is both as accurate and not dearer.
    """
    good = []
    for at, played in tried.items():
        gain = played.scores - best.scores
        error = gain.std() / np.sqrt(len(gain))
        if gain.mean() >= -error and played.tokens.mean() <= best.tokens.mean():
            good.append(at)
    return min(good, key=lambda at: (tried[at].tokens.mean(), at), default=None)


def left_out(both: OutcomeTable) -> dict[float, Played]:
    """Every threshold played on each fifth by a fusion that was fitted on the others."""
    parts = np.asarray(folds([query.routing_text for query in both.queries], PARTS))
    played: dict[float, list[Played]] = {at: [] for at in THRESHOLDS}
    for part in np.unique(parts):
        fusion, asked = fit(both.take(np.flatnonzero(parts != part))), np.flatnonzero(parts == part)
        for at in THRESHOLDS:
            played[at].append(play_at(fusion, both.take(asked), at))
    return {
        at: Played(
            scores=np.concatenate([p.scores for p in some]),
            tokens=np.concatenate([p.tokens for p in some]),
            calls=np.concatenate([p.calls for p in some]),
        )
        for at, some in played.items()
    }


def fit(table: OutcomeTable) -> LearnedFusion:
    """A fusion that sees answers and lengths, and of a router only the experts' means.

    Raises:
        ConfigError: there are too few questions or no answers.
    """
    scores = table.outcomes.score[:, :, 0]
    # Means of the other parts would give a part's own mean away: where it is low, theirs are high.
    means = np.broadcast_to(expert_means(scores), scores.shape)
    parts = np.asarray(folds([query.routing_text for query in table.queries], PARTS), dtype=np.int64)
    return fit_fusion(table, LeftOut(chances=means, parts=parts))


def play_at(fusion: LearnedFusion, asked: OutcomeTable, threshold: float) -> Played:
    """Experts asked in the order of the table, one by one, until the support reaches the threshold."""
    # A fixed router gives no chances: the order is that of the table, and the fusion takes the means.
    recorded = RecordedCandidates(asked, np.full(asked.outcomes.score.shape[:2], np.nan))
    rule = PosteriorRule(PosteriorStoppingConfig(kind="posterior", threshold=threshold), fusion)
    counts = [int(k) for k in play(rule, recorded, first=1)]
    verdicts = fusion.aggregate(recorded.items(counts))
    return Played(
        scores=recorded.score(verdicts),
        tokens=recorded.tokens(counts),
        calls=np.asarray(counts, dtype=np.float64),
    )


def alone(table: OutcomeTable, expert: str) -> Played:
    """One expert asked on every question; not run counts as wrong."""
    outcomes = table.outcomes.restrict([expert])
    scores = np.nan_to_num(outcomes.score[:, 0, 0])
    return Played(scores=scores, tokens=outcomes.tokens[:, 0, 0], calls=np.ones(len(scores)))
