"""Certainty from the likeliest tokens alone, where the whole vocabulary's probabilities are not to be had.

An approximation, and named as one by `Certainty.top_k`. Knows no engine: what an endpoint or vLLM says of
its likeliest tokens comes in as plain numbers.

Where the vocabulary's size V is known, the mass that the k seen tokens leave is taken to lie evenly on the
V - k others. Of all ways to spread it that one has the least KL(uniform || p), so the figure is a lower
bound of the true one. Where V is not known the k tokens are taken for the whole vocabulary, their
probabilities scaled to sum to 1: such figures are comparable with each other at one k, with nothing else.
(The formula of the full vocabulary: Kang et al. 2025, arXiv 2502.18581, section 3; both substitutes for
what is not seen are ours.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from experts.completion import Certainty

_LEAST_MASS = 1e-9
"""Mass that is left to unseen tokens at least; rounding can make the seen ones sum to more than 1."""

TokenLogprobs = tuple[float, Sequence[float]]
"""Of one token of an answer: its own log-probability, and those of the likeliest tokens at its place."""


def certainty_of_top(tokens: Sequence[TokenLogprobs], *, vocabulary: int | None = None) -> Certainty | None:
    """Approximate certainty of an answer.

    Args:
        tokens: of every token of the answer; log-probabilities in nats, -inf allowed.
        vocabulary: number of tokens that the model knows; None: not known.

    Returns:
        Certainty with the `top_k` of the place that has the fewest; None where a place has fewer than two
        tokens to compare, or there are no tokens.
    """
    if not tokens:
        return None
    places = [sorted((p for p in top if math.isfinite(p)), reverse=True) for _, top in tokens]
    k = min(map(len, places))
    if k < 2 or not all(math.isfinite(own) for own, _ in tokens):
        return None
    # The same k at every place, or the mean would be of unlike things.
    divergences = [_divergence(place[:k], vocabulary) for place in places]
    return Certainty(
        mean_logprob=min(0.0, sum(own for own, _ in tokens) / len(tokens)),
        self_certainty=max(0.0, sum(divergences) / len(divergences)),
        top_k=k,
    )


def _divergence(top: Sequence[float], vocabulary: int | None) -> float:
    """KL(uniform || p) at one place, from the log-probabilities of its likeliest tokens."""
    k, mass = len(top), math.fsum(map(math.exp, top))
    if vocabulary is None:
        return math.log(mass) - sum(top) / k - math.log(k)
    rest = vocabulary - k
    unseen = rest * math.log(max(1.0 - mass, _LEAST_MASS) / rest) if rest > 0 else 0.0
    return -(sum(top) + unseen) / vocabulary - math.log(vocabulary)
