"""Skill profiles: how often each expert was right on questions that need a skill.

A *skill* is a keyword or a combination of keywords that questions have in common. The file is made
to be read by people: one line per skill, `{expert: [right, wrong]}`. Counts and not net scores, as
the paper has them (arXiv 2503.05641), since net +1/-1 counts confuse accuracy with sample size;
`net` gives those. Knows nothing of annotation, similarity and policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from experts.errors import ConfigError, RouterError

Skill = tuple[str, ...]
"""One keyword, or several in alphabetical order."""

Counts = NDArray[np.float64]
"""(m, 2): right and wrong per expert, in questions; fractional where scores are."""

MIN_COMBINATION = 2
"""A combination of keywords that fewer questions share is not stored: it tells nothing anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """How many questions the prior is worth, at two levels, and how deviations pool."""

    keyword: float
    """Of a single keyword, against the expert's mean."""
    combination: float
    """Of a combination, against what its parts say."""
    pooling: float
    """Deviations of c parts add up to c ** pooling times their mean: 0 is a mean, 1 a sum."""


DEFAULT_SHRINKAGE = Shrinkage(keyword=4.0, combination=4.0, pooling=0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class SkillProfiles:
    """What a pool of experts has shown, per skill and in total."""

    experts: tuple[str, ...]
    """(m) names."""
    questions: int
    """Questions that were counted."""
    totals: Counts
    """(m, 2) over all questions, those without keywords included."""
    skills: Mapping[Skill, Counts]
    """(m, 2) per skill; every single keyword, and combinations of at least `MIN_COMBINATION`."""
    shrinkage: Shrinkage | None = None
    """As fitted on the questions behind these counts; None: not fitted."""

    @property
    def keywords(self) -> tuple[str, ...]:
        """All single keywords in alphabetical order."""
        return tuple(sorted(skill[0] for skill in self.skills if len(skill) == 1))

    def net(self, keyword: str) -> NDArray[np.float64]:
        """(m,) right minus wrong; the paper's profile entry."""
        counts = self.skills[(keyword,)]
        return counts[:, 0] - counts[:, 1]

    def counts(self, skill: Skill) -> Counts:
        """(m, 2) of a skill; zeros where it was never met."""
        known = self.skills.get(skill)
        return np.zeros((len(self.experts), 2)) if known is None else known

    def restrict(self, experts: Sequence[str]) -> SkillProfiles:
        """The profiles of some experts, in the order given.

        Raises:
            ConfigError: an expert has no profile.
        """
        missing = [name for name in experts if name not in self.experts]
        if missing:
            raise ConfigError(
                f"No skill profile for {missing}: there are profiles of {list(self.experts)}. "
                "Run `compound profile` for the missing experts, or take them out of the pool."
            )
        rows = [self.experts.index(name) for name in experts]
        return replace(
            self,
            experts=tuple(experts),
            totals=self.totals[rows],
            skills={skill: counts[rows] for skill, counts in self.skills.items()},
        )

    @classmethod
    def from_outcomes(
        cls, keywords: Sequence[Sequence[str]], scores: NDArray[np.float64], experts: Sequence[str]
    ) -> SkillProfiles:
        """Count right and wrong.

        Args:
            keywords: (n) per question, distinct.
            scores: (n, m) in [0, 1], NaN = not run, which is counted as neither. A score of 0.5
                counts as half right and half wrong.
            experts: (m) names.

        Raises:
            RouterError: lengths disagree, or a keyword holds a comma.
        """
        if scores.shape != (len(keywords), len(experts)):
            raise RouterError(f"Scores must have shape {(len(keywords), len(experts))}, got {scores.shape}.")
        tallies = right_and_wrong(scores)
        skills: dict[Skill, Counts] = {}
        met: dict[Skill, int] = {}
        for words, tally in zip(keywords, tallies, strict=True):
            for skill in skills_of(words):
                skills[skill] = skills.get(skill, 0.0) + tally
                met[skill] = met.get(skill, 0) + 1
        kept = {s: c for s, c in skills.items() if len(s) == 1 or met[s] >= MIN_COMBINATION}
        return cls(experts=tuple(experts), questions=len(keywords), totals=tallies.sum(axis=0), skills=kept)


def right_and_wrong(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores (..., m) as counts (..., m, 2); both 0 where NaN."""
    run = ~np.isnan(scores)
    right = np.where(run, scores, 0.0)
    return np.stack([right, np.where(run, 1.0 - right, 0.0)], axis=-1)


def skills_of(keywords: Iterable[str]) -> list[Skill]:
    """The skills a question is counted under: each keyword, each pair, and all of them together.

    Raises:
        RouterError: a keyword holds a comma, which separates keywords in the file.
    """
    words = sorted(set(keywords))
    bad = [word for word in words if "," in word or not word]
    if bad:
        raise RouterError(f"A keyword must be text without commas, got {bad[0]!r}.")
    singles: list[Skill] = [(word,) for word in words]
    whole: list[Skill] = [tuple(words)] if len(words) > 2 else []
    return [*singles, *combinations(words, 2), *whole]
