"""Routes by skill: what does the question need, and who was right on questions that needed it?

Symbolic-MoE (arXiv 2503.05641, sections on skill profiles and recruitment). An annotator names the
skills of a question, profiles hold what each expert has shown per skill, and one of two rules turns
both into estimates and k experts: `.shrunk` (default) or `.released` (the code of the paper).
Calls no expert but the annotator's LLM, through the `generate` port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from experts.decision import RoutingDecision
from experts.encoders.build import build_encoder
from experts.encoders.encoder import Encoder
from experts.engine import Generate
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.router import Estimate, aligned_scores, check_k, fitted_experts, make_decision
from routers.skills.annotation import Annotation, Annotator, build_annotator
from routers.skills.config import SkillRouterConfig
from routers.skills.matching import KeywordMatcher
from routers.skills.profile_file import load_profiles, save_profiles
from routers.skills.released import ReleasedRule
from routers.skills.shrinkage import fit_shrinkage
from routers.skills.shrunk import ShrunkRule
from routers.skills.skill_profile import DEFAULT_SHRINKAGE, Shrinkage, SkillProfiles


class SkillRouter:
    """Experts with a record on the skills that a question needs.

    Args:
        config: mode, annotator, encoder and their options.
        annotator: None: built from `config.annotator`.
        encoder: of keywords; None: built from `config.encoder`.

    Attributes:
        experts_: the pool, in configuration order.
        profiles_: counts per skill, with the shrinkage that was fitted on them.
        rule_: what turns keywords into estimates.
        annotator_: the one given or, once it has been needed, the one built.
    """

    kind = "skill"

    experts_: tuple[str, ...]
    profiles_: SkillProfiles
    rule_: ShrunkRule | ReleasedRule

    def __init__(
        self, config: SkillRouterConfig, *, annotator: Annotator | None = None, encoder: Encoder | None = None
    ) -> None:
        self.config = config
        self.annotator = annotator
        self.encoder = encoder
        self.annotator_: Annotator | None = None

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Annotate the questions and count who was right on what; see `Router.fit`."""
        scores = aligned_scores(queries, outcomes)
        keywords = [annotation.keywords for annotation in self._annotate(queries, generate)]
        profiles = SkillProfiles.from_outcomes(keywords, scores, outcomes.experts)
        return self.use(replace(profiles, shrinkage=fit_shrinkage(profiles, keywords, scores)))

    def use(self, profiles: SkillProfiles) -> Self:
        """Take profiles that were made before; their experts become the pool."""
        matcher = KeywordMatcher(self.encoder or build_encoder(self.config.encoder), profiles.keywords)
        if self.config.mode == "released":
            self.rule_ = ReleasedRule(profiles, matcher, self.config.released)
        else:
            self.rule_ = ShrunkRule(profiles, matcher, self._shrinkage(profiles), self.config.min_similarity)
        self.profiles_ = profiles
        self.experts_ = profiles.experts
        return self

    def load(self, path: Path) -> Self:
        """Take the profiles of a file that `save` wrote.

        Raises:
            ConfigError: there is no such file, or it is not one of profiles.
        """
        return self.use(load_profiles(path))

    def save(self, path: Path) -> None:
        """Write the profiles, which are all that was learned.

        Raises:
            RouterNotFittedError: there are none yet.
        """
        fitted_experts(self, self.kind)
        save_profiles(self.profiles_, path)

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """Annotate, then look up; see `Router.estimate`."""
        fitted_experts(self, self.kind)
        return [self._explained(annotation) for annotation in self._annotate(queries, generate)]

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        """Choose k experts per query; in mode `released` drawn with replacement. See `Router.decide`."""
        experts = fitted_experts(self, self.kind)
        check_k(k, len(experts))
        chosen = self.rule_.choose(queries, estimates, k)
        return [
            make_decision(self.kind, experts, query, estimate, picks)
            for query, estimate, picks in zip(queries, estimates, chosen, strict=True)
        ]

    def route(
        self, queries: Sequence[Query], k: int, *, generate: Generate | None = None
    ) -> list[RoutingDecision]:
        """`estimate`, then `decide`; see `Router.route`."""
        check_k(k, len(fitted_experts(self, self.kind)))
        return self.decide(queries, self.estimate(queries, generate=generate), k)

    def _annotate(self, queries: Sequence[Query], generate: Generate | None) -> list[Annotation]:
        # Built once: an annotator may hold an encoder that takes seconds to load.
        self.annotator_ = self.annotator_ or self.annotator or build_annotator(self.config.annotator)
        return self.annotator_.annotate(queries, generate)

    def _explained(self, annotation: Annotation) -> Estimate:
        estimate = self.rule_.estimate(annotation.keywords)
        found = [f"Keywords: {', '.join(annotation.keywords)}."] if annotation.keywords else []
        notes = [annotation.note] if annotation.note else []
        return replace(estimate, reasons=(*found, *notes, *estimate.reasons))

    def _shrinkage(self, profiles: SkillProfiles) -> Shrinkage:
        fitted = profiles.shrinkage or DEFAULT_SHRINKAGE
        if self.config.shrinkage is None:
            return fitted
        return replace(fitted, keyword=self.config.shrinkage, combination=self.config.shrinkage)
