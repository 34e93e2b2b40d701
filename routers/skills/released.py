"""Symbolic-MoE's choice of experts as its authors released it (arXiv 2503.05641, `recruit_agents.py`).

Net counts (+1 right, -1 wrong) of the question's keywords, each replaced by its nearest known one,
times the expert's competency over all keywords; experts are drawn in proportion, with replacement.
The paper's text differs from the code in two points, which are options: a softmax over the products,
and trimming of rarely recruited experts over a batch (`routers.ranking.trim_rare`). Estimates are
probabilities of being recruited, not of being right. Knows no LLM, no encoder and no file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experts.query import Query
from routers.ranking import draw, proportional, query_rng, softmax, trim_rare
from routers.router import Estimate
from routers.skills.config import ReleasedConfig
from routers.skills.matching import KeywordMatcher, Match
from routers.skills.skill_profile import SkillProfiles

Array = NDArray[np.float64]


def competency(totals: Array, temperature: float) -> Array:
    """Gamma (m,): net totals over all keywords, shifted to be positive where one is not, sharpened.

    At the default temperature of 0.5 that is the squares, normalised to sum to 1; uniform where all
    are 0.
    """
    shifted = totals - totals.min() + 1.0 if totals.min() < 0 else totals
    return proportional(shifted ** (1.0 / temperature))


def recruitment(local: Array, gamma: Array, config: ReleasedConfig) -> Array:
    """Probability (m,) of being recruited, from local scores S and competency.

    `proportional`: only experts with S > 0 can be; where there are none, all scores are shifted by
    -min + 1. `softmax`: over S * gamma, so that everyone can be.
    """
    if config.selection == "softmax":
        return softmax(local * gamma, config.softmax_temperature)
    kept = np.maximum(local, 0.0) if (local > 0).any() else local - local.min() + 1.0
    # Competency 0 for everyone kept would leave nothing to draw from; the code crashes there.
    return proportional(kept * gamma if (kept * gamma).any() else kept)


class ReleasedRule:
    """Estimates and policy of `mode: released`.

    Args:
        profiles: of the pool.
        matcher: over the profiles' keywords.
        config: options.
    """

    def __init__(self, profiles: SkillProfiles, matcher: KeywordMatcher, config: ReleasedConfig) -> None:
        self.profiles = profiles
        self.matcher = matcher
        self.config = config
        totals = sum((profiles.net(word) for word in profiles.keywords), np.zeros(len(profiles.experts)))
        self.gamma = competency(totals, config.competency_temperature)

    def estimate(self, keywords: Sequence[str]) -> Estimate:
        """Recruitment probabilities of one question; uniform where it has no keyword."""
        matches = self.matcher.match(keywords, min_similarity=-np.inf, limit=1)
        m = len(self.profiles.experts)
        if not matches or not self.profiles.keywords:
            reasons: tuple[str, ...] = ("No keyword: every expert is as likely to be recruited.",)
            return Estimate(values=np.full(m, 1.0 / m), calibrated=False, reasons=reasons)
        # Two keywords with the same nearest one count it twice, as in the code.
        local = sum((self.profiles.net(match.known[0][0]) for match in matches), np.zeros(m))
        values = recruitment(local, self.gamma, self.config)
        return Estimate(values=values, calibrated=False, reasons=self._reasons(matches, local, values))

    def choose(self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int) -> list[list[int]]:
        """Indices drawn with replacement, rare experts of the batch replaced where configured."""
        seed, trim = self.config.seed, self.config.trim
        chosen = [draw(e.values, k, query_rng(seed, q.id)) for q, e in zip(queries, estimates, strict=True)]
        if trim is None or not queries:
            return chosen
        return trim_rare(chosen, trim, [query_rng(seed, query.id, "trim") for query in queries])

    def _reasons(self, matches: Sequence[Match], local: Array, values: Array) -> tuple[str, ...]:
        mapped = [
            f"{match.keyword!r} was taken for {match.known[0][0]!r} (similarity {match.known[0][1]:.2f})."
            for match in matches
            if not match.exact
        ]
        best = [int(i) for i in np.argsort(-values, kind="stable")[:3]]
        weights = [
            f"{self.profiles.experts[i]}: net score {local[i]:+.4g} on these keywords, competency "
            f"{self.gamma[i]:.2f}, recruited with probability {values[i]:.2f}."
            for i in best
        ]
        return (*mapped, *weights)
