"""The default rule of the skill router: calibrated probabilities by hierarchical shrinkage.

Differs from the released Symbolic-MoE (`routers.skills.released`) in four ways: counts of right and wrong
and not net scores, so that a skill met often does not pass for a skill mastered; combinations of
keywords besides single ones; unknown keywords take the counts of several near ones in proportion to
similarity, or none; the k best are chosen, not drawn. Arithmetic in `routers.skills.shrinkage`. Knows no
LLM and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from experts.query import Query
from routers.ranking import ranking, top_k
from routers.router import Estimate
from routers.skills.matching import KeywordMatcher, Match
from routers.skills.shrinkage import Array, Evidence, deciding_skill, expert_means, gather, probabilities
from routers.skills.skill_profile import Counts, Shrinkage, SkillProfiles

NEIGHBOURS = 5
"""Known keywords that an unknown one may take counts from."""
_EXPLAINED = 3
"""Experts, best first, whose counts are given in the reasons."""


class ShrunkRule:
    """Estimates and policy of `mode: shrunk`.

    Args:
        profiles: of the pool.
        matcher: over the profiles' keywords.
        shrinkage: strengths.
        min_similarity: cosine at which a known keyword begins to count for an unknown one.
    """

    def __init__(
        self, profiles: SkillProfiles, matcher: KeywordMatcher, shrinkage: Shrinkage, min_similarity: float
    ) -> None:
        self.profiles = profiles
        self.matcher = matcher
        self.shrinkage = shrinkage
        self.min_similarity = min_similarity
        self.means = expert_means(profiles.totals)

    def estimate(self, keywords: Sequence[str]) -> Estimate:
        """Probabilities of a right answer; the experts' means where no keyword is known."""
        matches = self.matcher.match(
            sorted(set(keywords)), min_similarity=self.min_similarity, limit=NEIGHBOURS
        )
        found = [match for match in matches if match.known]
        if all(match.exact for match in found):
            evidence = gather(self.profiles, [match.keyword for match in found])
        else:
            evidence = self._soft_evidence(found)
        values = probabilities(evidence, self.means, self.shrinkage)
        return Estimate(values=values, calibrated=True, reasons=self._reasons(matches, values))

    def choose(self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int) -> list[list[int]]:
        """Indices of the k best of each query."""
        return [top_k(estimate.values, k) for estimate in estimates]

    def _weight(self, similarity: float) -> float:
        """What a neighbour's counts are worth: nothing at the minimum similarity, all at 1."""
        return min(1.0, (similarity - self.min_similarity) / (1.0 - self.min_similarity))

    def _soft_evidence(self, matches: Sequence[Match]) -> Evidence:
        """Counts of near keywords, discounted by distance.

        Discounted counts, and not discounted accuracies, so that a far neighbour leaves an estimate
        nearer to the expert's mean. Combinations look only at each keyword's nearest one.
        """
        nearest = [(match.known[0][0], self._weight(match.known[0][1])) for match in matches]
        zero = np.zeros_like(self.profiles.totals)

        def joint(parts: Sequence[tuple[str, float]]) -> Counts:
            words = tuple(sorted({word for word, _ in parts}))
            if len(words) < len(parts):  # two keywords taken for one: no combination
                return zero
            return self.profiles.counts(words) * float(np.prod([weight for _, weight in parts]))

        singles = [
            sum((self._weight(s) * self.profiles.counts((word,)) for word, s in match.known), zero)
            for match in matches
        ]
        m = len(self.profiles.experts)
        return Evidence(
            singles=np.array(singles).reshape(-1, m, 2),
            pairs=np.array([joint(pair) for pair in combinations(nearest, 2)]).reshape(-1, m, 2),
            whole=joint(nearest) if len(nearest) > 2 else zero,
        )

    def _reasons(self, matches: Sequence[Match], values: Array) -> tuple[str, ...]:
        lines = [_describe(match) for match in matches if not match.exact]
        words = {match.known[0][0] for match in matches if match.known}
        if not words:
            lines.append(
                "No keyword is known: the estimates are the experts' overall shares of right answers."
            )
        return (*lines, *(self._record(i, words) for i in ranking(values)[:_EXPLAINED]))

    def _record(self, expert: int, words: set[str]) -> str:
        """Sentence on the counts that weigh most for one expert."""
        name, totals = self.profiles.experts[expert], self.profiles.totals
        skill = deciding_skill(self.profiles, expert, words, self.shrinkage.combination)
        right, wrong = self.profiles.counts(skill)[expert] if skill else totals[expert]
        if right + wrong == 0:
            return f"{name}: never run, so it is taken for the pool's average."
        about = f"about {', '.join(skill)}" if skill else "overall"
        return f"{name}: right on {right:.4g} of {right + wrong:.4g} questions {about}."


def _describe(match: Match) -> str:
    if not match.known:
        return f"{match.keyword!r} is near no known keyword and was left out."
    near = ", ".join(f"{word} ({similarity:.2f})" for word, similarity in match.known)
    return f"{match.keyword!r} is not in the profiles and was taken for {near}."
