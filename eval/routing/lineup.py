"""Which routers are compared, and the settings that are tried of each on validation questions.

Knows kinds and settings; fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from experts.encoders.config import EncoderConfig, LexicalEncoderConfig, SentenceTransformersEncoderConfig
from experts.expert_facts import ExpertFacts
from routers.classifiers.config import DomainsConfig, LinearConfig, SubjectsConfig
from routers.config import BestSingleConfig, TrainableConfig
from routers.embedded_kinds import EmbeddedKind
from routers.ensemble.config import EnsembleConfig
from routers.factors.config import FactorsConfig
from routers.forest.config import ForestConfig
from routers.irt.config import IrtConfig
from routers.neighbours.config import ClustersConfig, KnnConfig, PilotsConfig
from routers.policies.config import (
    DiversePolicyConfig,
    PolicyConfig,
    ThresholdPolicyConfig,
    TopKPolicyConfig,
)
from routers.prompted.config import DescriptionsConfig
from routers.skills.config import EncoderAnnotatorConfig, SkillRouterConfig
from routers.transformer.config import TransformerConfig
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


def lineup(
    encoder: EncoderConfig,
    experts: tuple[str, ...],
    facts: Mapping[str, ExpertFacts],
    *,
    finetune: bool = False,
) -> list[Entry]:
    """Every kind that can be fitted on recorded outcomes without asking an LLM.

    Args:
        encoder: of all kinds that see vectors.
        experts: the pool.
        facts: sizes and descriptions; kinds that need what is missing are left out.
        finetune: also fine-tune the encoder's model, which takes minutes to hours on a CPU.
    """
    annotator = EncoderAnnotatorConfig(kind="encoder", encoder=encoder)
    kinds: list[tuple[str, list[TrainableConfig]]] = [
        ("baseline", [BestSingleConfig(kind="best_single")]),
        ("RouterBench", [KnnConfig(kind="knn", temperature=t, encoder=encoder) for t in (0.04, 0.08)]),
        ("Avengers", [ClustersConfig(kind="clusters", clusters=c, encoder=encoder) for c in (32, 64)]),
        ("RouterRetriever", [PilotsConfig(kind="pilots", encoder=encoder)]),
        ("Bench-CoE, query level", [LinearConfig(kind="linear", encoder=encoder)]),
        ("Bench-CoE, subject level", [SubjectsConfig(kind="subjects", encoder=encoder)]),
        ("MoDEM", [DomainsConfig(kind="domains", encoder=encoder)]),
        ("Composition of Experts", [TwoStepConfig(kind="two_step", encoder=encoder)]),
        ("IrtNet", [IrtConfig(kind="irt", encoder=encoder)]),
        ("EmbedLLM", [FactorsConfig(kind="factors", encoder=encoder)]),
        ("expertise trees, DriftMoE", [TreeConfig(kind="tree", encoder=encoder)]),
        ("ours", [ForestConfig(kind="forest", encoder=encoder)]),
        ("Symbolic-MoE", [SkillRouterConfig(kind="skill", annotator=annotator)]),
    ]
    described = {name: facts[name].description for name in experts if name in facts}
    if len(described) == len(experts) and all(described.values()):
        nearness = DescriptionsConfig(kind="descriptions", descriptions=described, encoder=encoder)
        kinds.append(("Glider", [nearness]))
    if finetune and isinstance(encoder, SentenceTransformersEncoderConfig):
        kinds += [("Bench-CoE, fine-tuned", [_finetuned(encoder, level)]) for level in ("query", "subject")]
    kinds.append(("ours", list(ensembles(encoder))))
    return [
        Entry(name=_name(variants[0]), after=after, variants=tuple(variants)) for after, variants in kinds
    ]


def ensembles(encoder: EncoderConfig) -> tuple[EnsembleConfig, ...]:
    """Ensembles to choose from; the lexical encoder is a second view where it is not the first."""
    views: list[EmbeddedKind] = [
        ForestConfig(kind="forest", encoder=encoder),
        SubjectsConfig(kind="subjects", encoder=encoder),
        FactorsConfig(kind="factors", encoder=encoder),
    ]
    if encoder == LEXICAL:
        return (EnsembleConfig(kind="ensemble", members=tuple(views)),)
    second: list[EmbeddedKind] = [
        ForestConfig(kind="forest", encoder=LEXICAL),
        SubjectsConfig(kind="subjects", encoder=LEXICAL),
    ]
    return (
        EnsembleConfig(kind="ensemble", members=tuple(views)),
        EnsembleConfig(kind="ensemble", members=(*views, *second)),
    )


def _finetuned(
    encoder: SentenceTransformersEncoderConfig, level: Literal["query", "subject"]
) -> TransformerConfig:
    """Only the last layer is trained, so that two CPU cores are enough."""
    return TransformerConfig(
        kind="transformer", model=encoder.model, revision=encoder.revision, level=level, train_layers=1
    )


def _name(config: TrainableConfig) -> str:
    """The kind; the two levels of the fine-tuned transformer apart."""
    return f"transformer-{config.level}" if isinstance(config, TransformerConfig) else config.kind


def policies() -> list[PolicyConfig]:
    """Policies to choose from where several experts a query may be asked; simpler ones first."""
    thresholds = (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
    return [
        TopKPolicyConfig(),
        DiversePolicyConfig(kind="diverse"),
        *(ThresholdPolicyConfig(kind="threshold", chance=c) for c in thresholds),
    ]
