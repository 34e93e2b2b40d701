"""Which LLM a router asks about every query, and how much. Reads a trained router's header, no more."""

from __future__ import annotations

from dataclasses import dataclass

from experts.sampling import SamplingConfig
from routers.config import RouterConfig, TrainableConfig, TrainedRouterConfig
from routers.prompted.config import LlmRouterConfig
from routers.skills.config import LlmAnnotatorConfig, SkillRouterConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLlm:
    """An LLM that takes part in routing."""

    expert: str
    samples: int
    """Replies per query."""
    template_characters: int
    """Of the prompt beside the question; of a list of experts what is configured."""
    sampling: SamplingConfig | None
    """None: the expert's own."""


def asked_llm(router: RouterConfig | TrainableConfig) -> AskedLlm | None:
    """The LLM that a router asks; None: it decides without one.

    Raises:
        ConfigError: a trained router cannot be read.
    """
    if isinstance(router, TrainedRouterConfig):
        from routers.trained import trained_config

        router = trained_config(router.path)
    if isinstance(router, SkillRouterConfig) and isinstance(router.annotator, LlmAnnotatorConfig):
        annotator = router.annotator
        return AskedLlm(
            expert=annotator.expert,
            samples=annotator.samples,
            template_characters=len(annotator.template) - len("{question}"),
            sampling=annotator.sampling,
        )
    if isinstance(router, LlmRouterConfig):
        about = sum(len(name) + len(text) for name, text in router.descriptions.items())
        return AskedLlm(
            expert=router.expert,
            samples=1,
            template_characters=len(router.template) - len("{question}{cards}") + about,
            sampling=router.sampling,
        )
    return None
