"""How the two-step router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveFloat, model_validator

from routers.embedded_config import EmbeddedConfig


class TwoStepConfig(EmbeddedConfig):
    """Question to category, category to expert under a budget (Composition of Experts, 2412.01868)."""

    kind: Literal["two_step"]
    categories: Literal["subjects", "clusters"] = "subjects"
    """What categories are: the subjects of the outcomes, or clusters of alike questions."""
    clusters: int = Field(default=16, ge=1)
    """Clusters at most, where categories are clusters."""
    general_share: float = Field(default=0.05, ge=0, lt=1)
    """Questions go to the general category if they are less certain (probability of the likeliest
    category) than all but this share of the fitted ones; 0 = none does."""
    max_experts: int | None = Field(default=None, ge=1)
    """Different experts in the map at most. None: no limit."""
    budget_b: float | None = Field(default=None, gt=0)
    """Parameters of all experts in the map at most, in billions. None: no limit."""
    parameters_b: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Expert -> its parameters in billions; `budget_b` needs those of every expert."""
    prior_questions: float = Field(default=10.0, ge=0)
    """What the expert's mean is worth, in questions."""
    inverse_strength: float = Field(default=10.0, gt=0)
    """Inverse strength of the category classifier's L2 penalty, `C` of scikit-learn."""
    seed: int = 0
    """Of the starts of k-means."""

    @model_validator(mode="after")
    def _budget_has_sizes(self) -> Self:
        if self.budget_b is not None and not self.parameters_b:
            raise ValueError("budget_b needs parameters_b: the parameters of every expert, in billions")
        return self
