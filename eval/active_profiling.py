"""Cheap profiling: evaluation calls are spent where it is undecided which experts are best.

In rounds: fit abilities per cluster, draw from their posterior, and ask next those experts that stand
at the edge of being chosen, in the clusters where a wrong choice would cost most. Top-two Thompson
sampling (Russo 2020) within clusters, after Active Ranking of Experts (arXiv 2306.02628), whose
assumption of one order on all tasks holds at most within a cluster. Rounds are few and each is one
batch in the order of experts, because asking an expert means having it in memory. Knows no benchmark
and no expert but by its number; a callback asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.cluster_abilities import Abilities, Clusters, Floats, fit_abilities
from experts.errors import ConfigError

Pair = tuple[int, int]
"""Numbers of a question and an expert."""
Ask = Callable[[Sequence[Pair]], Sequence[float] | Floats]
"""Scores in [0, 1] of pairs that are ordered by expert; NaN = failed, paid for and not asked again."""

_DRAWS = 400
_FIRST_SHARE = 0.25
"""Of the budget that the first round spends evenly, since nothing is known yet."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiled:
    """What was asked and learned."""

    scores: Floats
    """(n, m); NaN = not asked, or failed."""
    calls: int
    """Pairs asked, failures among them."""
    batches: int
    """Calls of `ask`."""


def profile_actively(
    clusters: Clusters, experts: int, budget: int, ask: Ask, *, k: int = 1, rounds: int = 8, seed: int = 0
) -> Profiled:
    """Spend `budget` calls on a matrix of questions and experts.

    Args:
        clusters: (n,) cluster of each question, from 0; subjects or clusters of vectors.
        experts: m, the size of the pool.
        budget: calls at most, at least one per expert.
        ask: asks; called at most `rounds` times.
        k: experts that a query will get later, so that the k best are sought.
        rounds: batches, at least 1; with one, calls are spread evenly.
        seed: of the order of questions and the draws.

    Raises:
        ConfigError: a number is out of range.
    """
    if budget < experts or rounds < 1 or not 1 <= k <= experts:
        raise ConfigError(
            f"Profiling needs a budget of at least one call per expert ({experts}), at least one round and k "
            f"from 1 to {experts}, got {budget}, {rounds} and {k}."
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(clusters))
    asked = np.zeros((len(clusters), experts), dtype=bool)
    scores = np.full(asked.shape, np.nan)
    count = int(clusters.max()) + 1 if len(clusters) else 0
    budget = min(budget, asked.size)
    batches = 0
    for number in range(rounds):
        left = budget - int(asked.sum())
        if left <= 0:
            break
        room = _room(asked, clusters, count)
        if number == 0:
            share = 1.0 if rounds == 1 else _FIRST_SHARE
            wanted = room / room.sum()
            calls = max(int(share * budget), experts)
        else:
            wanted = _wanted(fit_abilities(scores, clusters, count), clusters, k, rng)
            calls = left if number == rounds - 1 else max(left // (rounds - number), 1)
        quota = _quota(wanted, room, min(calls, left))
        pairs = _next_pairs(quota, asked, clusters, order)
        got = np.asarray(ask(pairs), dtype=np.float64)
        batches += 1
        for (question, expert), score in zip(pairs, got, strict=True):
            asked[question, expert], scores[question, expert] = True, score
    return Profiled(scores=scores, calls=int(asked.sum()), batches=batches)


def _room(asked: NDArray[np.bool_], clusters: Clusters, count: int) -> Floats:
    """(clusters, m) questions that could still be asked."""
    room: Floats = np.eye(count)[clusters].T @ ~asked
    return room


def _wanted(abilities: Abilities, clusters: Clusters, k: int, rng: np.random.Generator) -> Floats:
    """(clusters, m) where calls should go, from draws of the posterior.

    A cluster counts by its size times the loss expected from choosing its k best by what is known
    now. Within it an expert counts by how often it stands k-th or next in a draw, times how unsure it
    is.
    """
    noise = rng.standard_normal((_DRAWS, *abilities.mean.shape))
    drawn = abilities.mean + abilities.deviation * noise
    ranked = np.argsort(-drawn, axis=2)
    now = np.argsort(-abilities.mean, axis=1, kind="stable")[None, :, :k]
    best = np.take_along_axis(drawn, ranked[:, :, :k], axis=2).mean(axis=(0, 2))
    loss = best - np.take_along_axis(drawn, now, axis=2).mean(axis=(0, 2))
    edge = ranked[:, :, k - 1 : k + 1]
    often = (edge[..., None] == np.arange(drawn.shape[2])).mean(axis=(0, 2))
    share = often * abilities.deviation
    share /= share.sum(axis=1, keepdims=True)
    sizes = np.bincount(clusters, minlength=len(loss))
    weighted: Floats = (sizes * np.maximum(loss, 1e-9))[:, None] * share
    return weighted


def _quota(wanted: Floats, room: Floats, calls: int) -> NDArray[np.int64]:
    """Whole calls (clusters, m) in proportion to `wanted`, none beyond `room`, `calls` in all."""
    quota = np.zeros(room.shape, dtype=np.int64)
    wanted = wanted + 1e-12 * wanted.max() + 1e-300
    while (left := calls - int(quota.sum())) > 0:
        free = room - quota
        weight = np.where(free > 0, wanted, 0.0)
        ideal = np.minimum(left * weight / weight.sum(), free)
        whole = np.floor(ideal).astype(np.int64)
        if not whole.any():
            # Less than one call each: to the largest claims, in order.
            first = np.argsort(-np.where(free > 0, ideal, -1.0), axis=None, kind="stable")[:left]
            first = first[free.ravel()[first] > 0]
            whole.ravel()[first] = 1
        quota += whole
    return quota


def _next_pairs(
    quota: NDArray[np.int64], asked: NDArray[np.bool_], clusters: Clusters, order: NDArray[np.int64]
) -> list[Pair]:
    """The next questions of each cluster in one order for all experts, so that they can be compared."""
    members = [order[clusters[order] == cluster] for cluster in range(len(quota))]
    pairs = []
    for expert in range(quota.shape[1]):
        for cluster, questions in enumerate(members):
            fresh = questions[~asked[questions, expert]][: quota[cluster, expert]]
            pairs += [(int(question), expert) for question in fresh]
    return pairs
