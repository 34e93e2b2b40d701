"""How the forest router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routers.embedded_config import EmbeddedConfig


class ForestConfig(EmbeddedConfig):
    """Many trees that cut the space of questions at random places; their leaves are averaged."""

    kind: Literal["forest"]
    trees: int = Field(default=100, ge=1)
    """How many are averaged; more are smoother and slower."""
    dimensions: int = Field(default=96, ge=1)
    """Principal components of the vectors that cuts are made along."""
    min_questions: int = Field(default=15, ge=1)
    """Fewest questions in a leaf."""
    tried: float = Field(default=0.3, gt=0, le=1)
    """Share of the components of which each cut takes the best."""
    seed: int = 0
    """Of the random cuts."""
