"""Which routers are compared, and the settings that are tried of each on validation questions.

Knows kinds and settings; fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experts.expert_facts import ExpertFacts
from routers.classifiers.config import DomainsConfig, LinearConfig, SubjectsConfig
from routers.config import BestSingleConfig, TrainableConfig
from routers.embedded_kinds import EmbeddedKind
from routers.encoders.config import EncoderConfig, LexicalEncoderConfig
from routers.ensemble.config import EnsembleConfig
from routers.factors.config import FactorsConfig
from routers.irt.config import IrtConfig
from routers.neighbours.config import ClustersConfig, KnnConfig, PilotsConfig
from routers.policies.config import (
    DiversePolicyConfig,
    GuardPolicyConfig,
    PolicyConfig,
    ThresholdPolicyConfig,
    TopKPolicyConfig,
)
from routers.prompted.config import DescriptionsConfig
from routers.skills.config import EncoderAnnotatorConfig, SkillRouterConfig
from routers.trees.config import TreeConfig
from routers.two_step.config import TwoStepConfig

LEXICAL = LexicalEncoderConfig(dimensions=256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One kind of router with the settings to choose from."""

    name: str
    after: str
    """Whose method it is."""
    variants: tuple[TrainableConfig, ...]


def lineup(encoder: EncoderConfig, experts: tuple[str, ...], facts: Mapping[str, ExpertFacts]) -> list[Entry]:
    """Every kind that can be fitted on recorded outcomes without asking an LLM.

    Args:
        encoder: of all kinds that see vectors.
        experts: the pool.
        facts: sizes and descriptions; kinds that need what is missing are left out.
    """
    entries = [
        Entry(name="best_single", after="baseline", variants=(BestSingleConfig(kind="best_single"),)),
        Entry(
            name="knn",
            after="RouterBench",
            variants=tuple(KnnConfig(kind="knn", temperature=t, encoder=encoder) for t in (0.03, 0.05, 0.08)),
        ),
        Entry(
            name="clusters",
            after="Avengers",
            variants=tuple(
                ClustersConfig(kind="clusters", clusters=c, nearest=n, encoder=encoder)
                for c in (32, 64)
                for n in (1, 4)
            ),
        ),
        Entry(
            name="pilots",
            after="RouterRetriever",
            variants=tuple(PilotsConfig(kind="pilots", pilots=p, encoder=encoder) for p in (1, 8)),
        ),
        Entry(
            name="linear",
            after="Bench-CoE, query level on frozen vectors",
            variants=(LinearConfig(kind="linear", encoder=encoder),),
        ),
        Entry(
            name="subjects",
            after="Bench-CoE, subject level",
            variants=(SubjectsConfig(kind="subjects", encoder=encoder),),
        ),
        Entry(name="domains", after="MoDEM", variants=(DomainsConfig(kind="domains", encoder=encoder),)),
        Entry(
            name="two_step",
            after="Composition of Experts",
            variants=(
                TwoStepConfig(kind="two_step", encoder=encoder),
                TwoStepConfig(kind="two_step", categories="clusters", clusters=32, encoder=encoder),
            ),
        ),
        Entry(
            name="irt",
            after="IrtNet",
            variants=tuple(IrtConfig(kind="irt", specialities=s, encoder=encoder) for s in (2, 6)),
        ),
        Entry(
            name="factors",
            after="EmbedLLM",
            variants=tuple(FactorsConfig(kind="factors", rank=r, encoder=encoder) for r in (4, 8)),
        ),
        Entry(
            name="tree",
            after="expertise trees, DriftMoE",
            variants=(TreeConfig(kind="tree", encoder=encoder),),
        ),
        Entry(
            name="skill",
            after="Symbolic-MoE",
            variants=(
                SkillRouterConfig(
                    kind="skill",
                    annotator=EncoderAnnotatorConfig(kind="encoder", encoder=encoder),
                ),
            ),
        ),
    ]
    described = {name: facts[name].description for name in experts if name in facts}
    if len(described) == len(experts) and all(described.values()):
        described_kind = DescriptionsConfig(kind="descriptions", descriptions=described, encoder=encoder)
        entries.append(Entry(name="descriptions", after="Glider", variants=(described_kind,)))
    entries.append(Entry(name="ensemble", after="ours", variants=ensembles(encoder)))
    return entries


def ensembles(encoder: EncoderConfig) -> tuple[EnsembleConfig, ...]:
    """Ensembles to choose from; the lexical encoder is a second view where it is not the first."""
    views: list[EmbeddedKind] = [
        KnnConfig(kind="knn", encoder=encoder),
        ClustersConfig(kind="clusters", nearest=4, encoder=encoder),
        LinearConfig(kind="linear", encoder=encoder),
        SubjectsConfig(kind="subjects", encoder=encoder),
        FactorsConfig(kind="factors", encoder=encoder),
    ]
    if encoder != LEXICAL:
        views += [
            LinearConfig(kind="linear", encoder=LEXICAL),
            SubjectsConfig(kind="subjects", encoder=LEXICAL),
            KnnConfig(kind="knn", encoder=LEXICAL),
        ]
    return (EnsembleConfig(kind="ensemble", members=tuple(views)),)


def policies(*, most: float) -> list[PolicyConfig]:
    """Policies to choose from where one expert a query, or up to `most` on average, may be asked."""
    if most == 1:
        return [
            TopKPolicyConfig(),
            *(GuardPolicyConfig(kind="guard", margin=m) for m in (0.01, 0.02, 0.04, 0.06, 0.1)),
        ]
    thresholds = (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
    return [
        TopKPolicyConfig(),
        DiversePolicyConfig(kind="diverse"),
        *(ThresholdPolicyConfig(kind="threshold", chance=c) for c in thresholds),
    ]
