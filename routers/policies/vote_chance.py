"""How likely a vote of the first k experts is right, from their chances alone.

The vote is the log-odds vote of `aggregators.votes`. Two facts about real experts keep the estimate
from the optimism of independent voters: they find the same questions hard, and their wrong answers
sometimes agree. The first is a shared factor behind all errors of a query (the one-factor Gaussian
copula of Vasicek 1991, integrated by Gauss-Hermite quadrature), the second a mixture of two cases:
all wrong answers are the same one, or all differ. Knows no policy.

On MMLU-Pro (k-NN chances, five voters, test) the mean estimate is within 3 points of the realised
accuracy on three pools, 0.52, 0.60 and 0.80 for 0.53, 0.60 and 0.77; independent voters with the same
agreement give 0.59, 0.68 and 0.90, and `1 - prod(1 - p)` 0.92, 0.95 and 1.00.
"""

from __future__ import annotations

import numpy as np

from routers.policies.policy_input import Floats

AGREEMENT = 0.4
"""Chance that wrong answers agree; 0.28 to 0.42 between pairs of models on MMLU-Pro."""
DIFFICULTY = 0.6
"""Correlation of the experts' latent errors; 0.3 to 0.44 between right and wrong on MMLU-Pro, which is
0.45 to 0.64 on the latent scale."""
OPTIONS = 10
"""Answers to a question, as in MMLU-Pro; the weights depend on it only weakly."""
CLIP = 0.02
"""Chances are held this far from 0 and 1."""
_NODES = 7
_ROWS = 2048
"""Queries at once, so that memory stays flat."""


def vote_weights(chances: Floats) -> Floats:
    """Log-odds weights (n, m) of votes: log(p (OPTIONS - 1) / (1 - p)), p clipped."""
    held = np.clip(chances, CLIP, 1 - CLIP)
    weights: Floats = np.log(held * (OPTIONS - 1) / (1 - held))
    return weights


def vote_chance(ordered: Floats, difficulty: float = DIFFICULTY) -> Floats:
    """Estimated chance (n, k) that the vote of the first 1, 2, ..., k experts is right.

    Args:
        ordered: chances (n, k) of the voters of each query, highest first; k at most 8 or so, as
            the work doubles with each.
        difficulty: correlation in [0, 1) of latent errors.
    """
    n, k = ordered.shape
    result = np.empty((n, k))
    for start in range(0, n, _ROWS):
        part = slice(start, start + _ROWS)
        result[part] = _vote_chance(ordered[part], difficulty)
    return result


def _vote_chance(ordered: Floats, difficulty: float) -> Floats:
    nodes, shares = np.polynomial.hermite_e.hermegauss(_NODES)
    shares = shares / shares.sum()
    # Below chance a vote says nothing here; alone it decides nevertheless.
    weights = np.maximum(vote_weights(ordered), 0.0)
    given = _chances_given_ease(ordered, nodes, difficulty)
    n = len(ordered)
    likely = np.ones((_NODES, n, 1))  # chance of each pattern of right and wrong voters
    right = np.zeros((n, 1))  # weight behind the right answer
    wrong = np.zeros((n, 1))  # weight of all wrong answers together
    worst = np.full((n, 1), -np.inf)  # of the heaviest wrong answer alone
    result = np.empty(ordered.shape)
    for voter in range(ordered.shape[1]):
        p, w = given[:, :, voter, None], weights[:, voter, None]
        likely = np.concatenate([likely * p, likely * (1 - p)], axis=2)
        right = np.concatenate([right + w, right], axis=1)
        wrong = np.concatenate([wrong, wrong + w], axis=1)
        worst = np.concatenate([worst, np.maximum(worst, w)], axis=1)
        won = AGREEMENT * _wins(right, wrong, voter) + (1 - AGREEMENT) * _wins(right, worst, voter)
        result[:, voter] = (np.tensordot(shares, likely, axes=1) * won).sum(axis=1)
    return result


def _wins(right: Floats, wrong: Floats, voter: int) -> Floats:
    """1.0 where the right answer wins, (n, patterns); of equals the first voter's answer does."""
    patterns = np.arange(2 ** (voter + 1))
    # Each voter doubles the patterns: those where it is right first, then the same with it wrong.
    first_right = patterns % 2 == 0
    nobody = patterns == patterns[-1]
    wins: Floats = (np.where(first_right, right >= wrong - 1e-9, right > wrong + 1e-9) & ~nobody) * 1.0
    return wins


def _chances_given_ease(ordered: Floats, nodes: Floats, difficulty: float) -> Floats:
    """Chances (nodes, n, k) of each voter where the query is so easy; their mean is about `ordered`."""
    from scipy.special import ndtr, ndtri

    latent = ndtri(np.clip(ordered, CLIP, 1 - CLIP))
    shift = np.sqrt(difficulty) * nodes[:, None, None]
    given: Floats = ndtr((latent[None] + shift) / np.sqrt(1 - difficulty))
    return given
