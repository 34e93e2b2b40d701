"""Cheap experts first: which pool and threshold are chosen, and what playing them counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval.fusing.cheap_first import (
    Played,
    alone,
    best_expert,
    choose_pool,
    fit,
    least_tokens,
    play_at,
)
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable


def played(right: int, tokens: float) -> Played:
    """The first of 200 questions right."""
    scores = (np.arange(200) < right).astype(np.float64)
    return Played(scores=scores, tokens=np.full(200, tokens), calls=np.ones(200))


def test_the_pool_is_the_most_accurate_cheapest_first(train: OutcomeTable) -> None:
    means = np.nanmean(train.outcomes.score[:, :, 0], axis=0)
    pool = choose_pool(train, 3)
    assert set(pool) == {train.experts[j] for j in np.argsort(-means[:5], kind="stable")[:3]}
    used = train.restrict(pool).outcomes.tokens[:, :, 0].mean(axis=0)
    assert list(used) == sorted(used)


def test_an_expert_that_was_not_run_everywhere_is_not_chosen(train: OutcomeTable) -> None:
    assert "fay" not in choose_pool(train, 5)
    with pytest.raises(ConfigError, match=r"A pool of 6 cannot be chosen.*5 experts"):
        choose_pool(train, 6)


def test_one_expert_is_no_pool(train: OutcomeTable) -> None:
    with pytest.raises(ConfigError, match="at least 2"):
        choose_pool(train, 1)


def test_the_best_expert_counts_what_was_not_run_as_wrong(train: OutcomeTable) -> None:
    scores = np.ones_like(train.outcomes.score)
    scores[::10, -1] = np.nan
    scores[0, :-1] = 0.0
    table = replace(train, outcomes=replace(train.outcomes, score=scores))
    assert best_expert(table) == "ann"
    assert best_expert(table, ("fay", "cyd")) == "cyd"


def test_the_threshold_saves_most_within_one_standard_error() -> None:
    best = played(100, 50.0)
    clearly_worse, better = played(90, 10.0), played(110, 40.0)
    assert least_tokens({0.5: clearly_worse, 0.9: better}, best) == 0.9
    swapped = best.scores.copy()
    swapped[:4], swapped[-3:] = 0.0, 1.0
    within = replace(played(100, 20.0), scores=swapped)
    assert least_tokens({0.5: clearly_worse, 0.7: within, 0.9: better}, best) == 0.7


def test_no_threshold_is_chosen_that_is_worse_or_dearer() -> None:
    best = played(100, 50.0)
    assert least_tokens({0.5: played(90, 10.0), 0.9: played(110, 51.0)}, best) is None


def test_a_support_that_is_always_reached_asks_the_first_alone(train: OutcomeTable) -> None:
    pool = train.restrict(("cyd", "ann", "bob"))
    first, single = play_at(fit(pool), pool, 0.0), alone(pool, "cyd")
    assert set(first.calls) == {1.0}
    assert np.array_equal(first.scores, single.scores)
    assert np.array_equal(first.tokens, single.tokens)


def test_a_support_that_is_never_reached_asks_all(train: OutcomeTable) -> None:
    pool = train.restrict(("cyd", "ann", "bob"))
    every = play_at(fit(pool), pool, 1.0)
    assert set(every.calls) == {3.0}
    assert np.array_equal(every.tokens, pool.outcomes.tokens[:, :, 0].sum(axis=1))
