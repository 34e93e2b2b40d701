"""Groups of questions that are alike, by the vectors of their texts. Knows no aggregator and no score.

At query time nobody knows a question's subject, so groups are clusters (k-means on the sphere, as in
Avengers, arXiv 2505.19797) and not the subjects of a benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.encoders.build import build_encoder
from experts.encoders.config import EncoderConfig
from experts.encoders.encoder import Encoder, Vectors, normalised

NOWHERE = -1
"""Label of a question whose text shares nothing with those that the encoder was fitted on."""
Labels = NDArray[np.int64]
"""(n,) the group of each question, or `NOWHERE`."""

_DIGITS = 4
"""Of a centroid's numbers; finer ones change no cosine that matters."""
_LEAST = 10
"""Profiling questions per group; with fewer, hardly any difference can be shown."""
_STARTS = 4


@dataclass(frozen=True)
class Grouping:
    """Fitted groups."""

    config: EncoderConfig
    encoder: Encoder
    """Fitted."""
    centroids: Vectors
    """(g, d), length 1."""

    def labels(self, texts: Sequence[str]) -> Labels:
        """(n,) the nearest group of each text."""
        return nearest(self.encoder.encode(texts), self.centroids)


def fit_grouping(texts: Sequence[str], config: EncoderConfig, count: int, *, seed: int = 0) -> Grouping:
    """Cluster the texts.

    Args:
        texts: of the profiling questions (`Query.routing_text`), at least one.
        config: of the encoder, which is fitted here where it learns.
        count: most groups, at least 1; fewer where there are not ten questions for each.
        seed: of k-means.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    encoder = build_encoder(config).fit(texts)
    vectors = encoder.encode(texts)
    distinct = len(np.unique(vectors, axis=0))
    size = max(1, min(count, distinct, len(texts) // _LEAST))
    # Threads add up partial sums in the order in which they end, which is another one each time.
    with threadpool_limits(limits=1):
        means = KMeans(size, n_init=_STARTS, random_state=seed).fit(vectors).cluster_centers_
    return Grouping(config, encoder, np.round(normalised(means), _DIGITS))


def nearest(vectors: Vectors, centroids: Vectors) -> Labels:
    """(n,) row of the centroid with the highest cosine, the first of equals; `NOWHERE` for zero vectors."""
    labels: Labels = (vectors @ centroids.T).argmax(axis=1).astype(np.int64)
    labels[~vectors.any(axis=1)] = NOWHERE
    return labels
