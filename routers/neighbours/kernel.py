"""Nearness of questions as weights: about exp of the cosine's loss against the nearest.

Works in blocks, so that memory does not grow with the number of questions asked. Knows no experts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experts.encoders.encoder import Vectors

_SQUARINGS = 6
"""exp(x) is taken as (1 + x / 64)^64, six squarings: as good a kernel, and three times as fast as exp."""
BLOCK = 128
"""Questions at once; a block of weights against 6,000 questions is 3 MB, within the size of a cache."""


def blocks(count: int) -> Iterator[slice]:
    """Slices of at most `BLOCK` rows that cover `count` rows."""
    return (slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))


def nearness(vectors: Vectors, points: Vectors, temperature: float, nearest: int | None) -> Vectors:
    """Weights (n, p) float32 in [0, 1]; the nearest point of every row weighs 1.

    Args:
        vectors: (n, d) of length 1.
        points: (p, d) of length 1.
        temperature: loss of cosine at which a weight has fallen to 1/e.
        nearest: all but the so-many nearest points weigh 0 (ties stay); None: no limit.
    """
    scale = np.float32(1.0 / (temperature * 2**_SQUARINGS))
    weights: Vectors = np.matmul(vectors * scale, points.T, dtype=np.float32)
    if nearest is not None and nearest < len(points):
        bound = np.partition(weights, -nearest, axis=1)[:, -nearest, None]
        weights[weights < bound] = -np.inf
    weights -= weights.max(axis=1, keepdims=True) - np.float32(1.0)
    np.maximum(weights, np.float32(0.0), out=weights)
    for _ in range(_SQUARINGS):
        np.square(weights, out=weights)
    return weights


def nearest_rows(vectors: Vectors, points: Vectors, count: int) -> tuple[NDArray[np.int64], Vectors]:
    """Indices and cosines (n, min(count, p)) of the nearest points, nearest first."""
    count = min(count, len(points))
    rows = np.zeros((len(vectors), count), np.int64)
    cosines = np.zeros((len(vectors), count), np.float32)
    for block in blocks(len(vectors)):
        similar = vectors[block] @ points.T
        found = np.sort(np.argpartition(-similar, count - 1, axis=1)[:, :count], axis=1)
        near = np.take_along_axis(similar, found, axis=1)
        order = np.argsort(-near, axis=1, kind="stable")
        rows[block] = np.take_along_axis(found, order, axis=1)
        cosines[block] = np.take_along_axis(near, order, axis=1)
    return rows, cosines
