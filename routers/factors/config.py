"""How the low-rank router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routers.embedded_config import EmbeddedConfig


class FactorsConfig(EmbeddedConfig):
    """Questions and experts as points of one space of few dimensions, their product the logit."""

    kind: Literal["factors"]
    rank: int = Field(default=8, ge=1)
    """Dimensions of that space; at most the number of experts is used."""
    l2: float = Field(default=0.6, gt=0)
    """Precision of the normal prior of every entry of both factors, as a factor of the root of the number
    of questions: higher is smoother."""
    max_iterations: int = Field(default=200, ge=1)
    """Of L-BFGS."""
