"""k-means on the sphere: centroids of length 1 of questions that are alike. Knows no experts."""

from __future__ import annotations

import numpy as np

from experts.encoders.encoder import Vectors, normalised

_STARTS = 4
"""Of which the tightest is kept: one start depends on luck, more cost time and gain little."""
_QUESTIONS_PER_CENTROID = 5
"""Fewer than that, and what is counted there says nothing."""


def centroids(vectors: Vectors, count: int, seed: int) -> Vectors:
    """(c, d) float32 of length 1, from vectors (n, d) of length 1; 1 <= c <= count.

    Fewer than `count` where there are not five questions, or not one distinct question, for each.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(vectors, axis=0))
    size = max(1, min(count, distinct, len(vectors) // _QUESTIONS_PER_CENTROID))
    # Threads add up partial sums in the order in which they end, which is another one each time.
    with threadpool_limits(limits=1):
        means = KMeans(size, n_init=_STARTS, random_state=seed).fit(vectors).cluster_centers_
    return normalised(means)
