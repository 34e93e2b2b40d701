"""How the item-response router is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routers.embedded_config import EmbeddedConfig


class IrtConfig(EmbeddedConfig):
    """Experts have abilities, questions a difficulty and what they ask of each ability."""

    kind: Literal["irt"]
    specialities: int = Field(default=6, ge=0)
    """Abilities beside the general one; at most one less than the number of experts is used."""
    l2: float = Field(default=0.65, gt=0)
    """Precision of the normal prior of specialities and of what questions ask of them, as a factor of the
    root of the number of questions: higher is smoother."""
    l2_difficulty: float = Field(default=0.65, gt=0)
    """The same for difficulty and for what questions ask of the general ability."""
    max_iterations: int = Field(default=200, ge=1)
    """Of L-BFGS."""
