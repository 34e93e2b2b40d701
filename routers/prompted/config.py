"""How routers that go by words are written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from experts.sampling import SamplingConfig
from routers.embedded_config import EmbeddedConfig

ROUTING_TEMPLATE = """\
These language models are at hand:
{cards}

Question: {question}

Which of them is most likely to answer this question right? Weigh how often each was right before against \
what it is said to be good at. Do not answer the question. Write two lines and nothing else:
Ranking: the numbers of all models, the best first, separated by commas
Reason: one short sentence"""
"""Default prompt, in our own words."""


class DescriptionsConfig(EmbeddedConfig):
    """Experts whose written description is near to the question; works before anything was run."""

    kind: Literal["descriptions"]
    descriptions: dict[str, str] = Field(min_length=1)
    """Expert -> what it is good at, in words like those of questions; one without is taken for average."""
    strength: float | None = Field(default=None, ge=0)
    """Logits per unit of cosine above average; None: fitted from outcomes, 3 (Glider's for tasks that
    its experts were not made for) where there are none."""

    @model_validator(mode="after")
    def _check(self) -> DescriptionsConfig:
        empty = [name for name, text in self.descriptions.items() if not text.strip()]
        if empty:
            raise ValueError(f"`descriptions` of {empty} are empty: describe them, or leave them out.")
        return self


class LlmRouterConfig(BaseModel):
    """An LLM of the pool reads a card of every expert and the question, and ranks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["llm"]
    expert: str
    """Name of the expert or helper that ranks."""
    descriptions: dict[str, str] = Field(default_factory=dict)
    """Expert -> what its card says beside its accuracy."""
    template: str = ROUTING_TEMPLATE
    """The prompt; `{cards}` and `{question}` are filled in. The reply must have a line `Ranking:` with
    numbers or names, and may have a line `Reason:`."""
    fit_questions: int = Field(default=200, ge=1)
    """Most questions that are asked when fitting, to count how far the ranking can be trusted; drawn
    by the hash of their text."""
    shrinkage: float = Field(default=10.0, gt=0)
    """Questions that an expert's mean is worth against the counts at a place in the ranking."""
    seed: int = 0
    """Of the order of cards, which is drawn anew for every question: LLMs prefer the first."""
    sampling: SamplingConfig | None = None
    """None: the expert's own."""

    @model_validator(mode="after")
    def _check(self) -> LlmRouterConfig:
        missing = [name for name in ("{cards}", "{question}") if name not in self.template]
        if missing:
            raise ValueError(f"`template` must contain {' and '.join(missing)}.")
        return self
