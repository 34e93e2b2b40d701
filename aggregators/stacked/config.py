"""How aggregators that hold another are written in a configuration. Imports nothing heavy, builds nothing.

The type of `inner` is the union of all aggregators, which names these two: `aggregators.config` completes
both, so import that first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from aggregators.equivalence.config import EquivalenceConfig, ExactEquivalenceConfig
from aggregators.reading.config import ReadingSettings
from aggregators.settings import AggregatorSettings
from aggregators.votes.config import TopExpertConfig

if TYPE_CHECKING:
    from aggregators.config import AggregatorConfig


class StackedConfig(AggregatorSettings):
    """Holds another aggregator."""

    inner: AggregatorConfig
    """The aggregator inside."""

    @property
    def expert(self) -> str | None:
        """The expert that the aggregator inside asks; None: it names no single one."""
        return getattr(self.inner, "expert", None)


class OnAgreementConfig(StackedConfig):
    """Where the experts agree, a vote decides at once; only the rest goes to the aggregator inside.

    After MOSAIC, which skips its aggregating LLM on agreement.
    """

    kind: Literal["on_agreement"]
    share: float = Field(default=1.0, gt=0.5, le=1.0)
    """Of the answers that could be extracted, the share in (0.5, 1] that must be the same. A single answer
    is no agreement."""
    equivalence: EquivalenceConfig = ExactEquivalenceConfig()
    """When two answers to an open question are the same; multiple choice compares letters."""


class AbstainConfig(StackedConfig):
    """No answer is given where the aggregator inside is not sure enough of it.

    Raises:
        ValueError: the aggregator inside never says how sure it is.
    """

    kind: Literal["abstain"]
    below: float = Field(default=0.5, ge=0.0, le=1.0)
    """Support under which no answer is given: a share of votes or a probability, as `inner` gives it."""

    @model_validator(mode="after")
    def _check_support(self) -> AbstainConfig:
        # An LLM that reads the candidates answers without a number, and so does the top expert.
        if isinstance(self.inner, ReadingSettings | TopExpertConfig):
            raise ValueError(
                f"`inner` must be an aggregator that says how sure it is, such as majority or weighted; "
                f"{self.inner.kind!r} never does"
            )
        return self
