"""From estimates to chosen experts: pure functions over arrays, no models and no clock.

Knows neither queries nor experts, only indices in configuration order. Randomness is local: a
generator per (seed, query id), so that a decision depends on neither batch nor process.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def query_rng(seed: int, query_id: str, purpose: str = "") -> np.random.Generator:
    """The generator of one query: equal in every process, unlike `hash()`."""
    digest = hashlib.sha256(f"{seed}\0{purpose}\0{query_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def ranking(values: NDArray[np.float64]) -> list[int]:
    """Indices of `values` (m,), highest first; ties in configuration order."""
    return [int(i) for i in np.argsort(-values, kind="stable")]


def top_k(values: NDArray[np.float64], k: int) -> list[int]:
    """The k first of `ranking`; 1 <= k <= m is the caller's to check."""
    return ranking(values)[:k]


def proportional(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (m,) in proportion to `weights` >= 0; uniform where all are 0."""
    total = weights.sum()
    if not total > 0:
        return np.full(len(weights), 1.0 / len(weights))
    shares: NDArray[np.float64] = weights / total
    return shares


def softmax(values: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities (m,) in proportion to exp(values / temperature), temperature > 0."""
    scaled = (values - values.max()) / temperature
    return proportional(np.exp(scaled))


def draw(probabilities: NDArray[np.float64], k: int, rng: np.random.Generator) -> list[int]:
    """Indices drawn, k of them, with replacement: the same expert may be drawn more than once."""
    return [int(i) for i in rng.choice(len(probabilities), size=k, replace=True, p=probabilities)]


def trim_rare(
    chosen: Sequence[Sequence[int]], threshold: float, rngs: Sequence[np.random.Generator]
) -> list[list[int]]:
    """Replace experts that a batch recruits rarely, so that no model is loaded for a handful.

    Args:
        chosen: per query the indices recruited.
        threshold: share of all recruitments of the batch below which an expert is rare.
        rngs: one generator per query.

    Returns:
        `chosen` with each rare expert replaced by one drawn from the frequent ones in proportion
        to their counts; unchanged where no expert is frequent.
    """
    counts = Counter(index for picks in chosen for index in picks)
    total = counts.total()
    frequent = sorted(index for index, count in counts.items() if count / total >= threshold)
    if not frequent:
        return [list(picks) for picks in chosen]
    shares = proportional(np.array([counts[index] for index in frequent], dtype=np.float64))
    kept = set(frequent)
    return [
        [index if index in kept else frequent[draw(shares, 1, rng)[0]] for index in picks]
        for picks, rng in zip(chosen, rngs, strict=True)
    ]
