"""How the tree router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routers.embedded_config import EmbeddedConfig


class TreeConfig(EmbeddedConfig):
    """Regions of questions, split where that improves routing, with a record of every expert in each."""

    kind: Literal["tree"]
    dimensions: int = Field(default=16, ge=1)
    """Principal components of the vectors that splits are made along."""
    min_questions: int = Field(default=40, ge=2)
    """Fewest questions on either side of a split, in each of the two halves it is chosen and tested on."""
    significance: float = Field(default=0.5, ge=0)
    """A split is kept if its gain in routing on questions that did not choose it is more than so many
    standard errors."""
    shrinkage: float = Field(default=20.0, gt=0)
    """Questions that the record of the region around is worth in that of a region."""
    memory: int = Field(default=500, ge=2)
    """Feedbacks that a region remembers: older ones, the fit included, fade exponentially."""
